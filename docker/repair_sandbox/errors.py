"""What goes wrong on our side, never on the policy's: each of these must mask a rollout, not score it 0.

    InfrastructureError
    ├── EngineUnavailable   the container engine does not answer
    ├── EngineError         it answered, but a call of it failed for good
    ├── ImageMissing        the task's image is not on this machine and could not be pulled
    ├── BrokenTask          the image or the trusted test files are at fault: they do not do what the dataset says
    └── GuestLost           a container ended or fell silent without a verdict, and the tests are not to blame
"""


class InfrastructureError(RuntimeError):
    """A verdict could not be reached and nothing the patch did explains it."""


class EngineUnavailable(InfrastructureError, ConnectionError):
    """The container engine cannot be reached."""


class EngineError(InfrastructureError):
    """The container engine refused or failed a call, also on a fresh container."""


class ImageMissing(InfrastructureError, LookupError):
    """An image is neither here nor to be pulled."""


class BrokenTask(InfrastructureError, ValueError):
    """The task cannot be run as described: no working tree, no interpreter, or its trusted tests do not fit the tree."""


class GuestLost(InfrastructureError):
    """A container gave no verdict although its tests cannot be blamed for it."""

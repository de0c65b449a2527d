"""Programs that run inside an image, sent there as text over standard input; nothing of them is installed.

They keep to the standard library and to Python 3.6 (an old image's interpreter runs them), import each other only in the order of
`guest_protocol.MODULES`, and never import the repository under test. `pytest_runner` alone runs in the interpreter of the tests.
"""

"""Entry point of the `repair` command. A command's module is imported only when it is called: they load verifiers, which takes seconds."""

import argparse
import importlib
import sys

from repair_sandbox.errors import InfrastructureError

COMMANDS = {
    "demo": "run the real vf-eval over the bundled corpus against an embedded, scripted endpoint",
    "score": "score one answer without any model, and print what every reward says of it",
    "validate": "run the ground truth of a dataset's tasks, and write down which can be trusted",
    "images": "look at, pull, build or remove the images that an environment's tests run in",
    "sandbox": "look at the containers that tests run in, or remove those whose owner is gone",
    "rubric": "show an environment's rewards, their kinds and weights, as a table",
}
DESCRIPTION = "Environments for automated program repair: try them, score an answer, look at the rewards."


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 on success, 1 when the work failed, 2 for a mistake in the call."""
    arguments = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="repair", description=DESCRIPTION, epilog="repair COMMAND --help explains a command.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    if not arguments or arguments[0] in ("-h", "--help"):
        parser.print_help()
        return 0 if arguments else 2
    parser.parse_args(arguments[:1])
    try:
        return int(importlib.import_module(f"repair_cli.{arguments[0]}").run(arguments[1:]))
    except InfrastructureError as error:
        print(f"repair {arguments[0]}: {error}", file=sys.stderr)
        return 1
    except (ValueError, OSError, ModuleNotFoundError) as error:
        print(f"repair {arguments[0]}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"repair {arguments[0]}: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())

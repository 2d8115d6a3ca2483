"""`python -m deployment.api`: see command.py."""

import sys

from deployment.api.command import main

if __name__ == "__main__":
    sys.exit(main())

"""``python -m spektron.cli``."""

import sys

from spektron.cli import main

sys.exit(main())

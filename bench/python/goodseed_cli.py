"""The client's own command line, by whatever Python runs this file."""

import sys

from goodseed.cli import main

sys.argv[0] = "goodseed"
sys.exit(main())

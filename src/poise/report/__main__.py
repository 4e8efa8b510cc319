"""Print the JSON schema of report.json: ``python -m poise.report > docs/report.schema.json``."""

import sys

from poise.report.schema import json_schema

sys.stdout.write(json_schema())

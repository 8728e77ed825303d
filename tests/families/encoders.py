"""TODO"""

from tests.families.case import Case

CASES: list[Case] = []

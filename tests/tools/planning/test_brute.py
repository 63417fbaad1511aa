"""What a plan leaves unsimulated never comes first. `python -m evals.brute 30` tries more."""

import pytest

from evals.brute import compared, random_specification
from knowledge.prices import prices
from tests.planning import Tables
from tests.present import present
from tests.soak import sample


@pytest.mark.parametrize("seed", sample([6, 7, 11], 1))
def test_the_cheapest_and_the_first_are_those_of_everything(tables: Tables, seed: int) -> None:
    found = present(compared(random_specification(seed), tables.__getitem__, prices()))
    assert found.configurations > 100
    assert found.cheapest_usd <= 1.03 * found.cheapest_of_all_usd
    assert found.first_usd == pytest.approx(found.first_of_all_usd, rel=0.03)

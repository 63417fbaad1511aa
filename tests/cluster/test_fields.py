"""Server-side apply as a rule: what holds of any documents that two managers apply."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cluster.fields import Path, applied, leaves, owners, value_at
from simulator.cluster.objects import ApiError, Object
from simulator.cluster.schema import of_client_model

POD = of_client_model("V1Pod")
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["1", "2"])
FIELDS = {
    "image": VALUES,
    "args": st.lists(VALUES, max_size=2),
    "env": st.dictionaries(NAMES, VALUES, min_size=1),
}


@st.composite
def pods(draw: st.DrawFn) -> Object:
    containers = draw(st.dictionaries(NAMES, st.fixed_dictionaries({}, optional=FIELDS)))
    labels = draw(st.dictionaries(NAMES, VALUES))
    finalizers = draw(st.lists(NAMES, unique=True, max_size=2))
    metadata = (
        {"name": "x"}
        | ({"labels": labels} if labels else {})
        | ({"finalizers": finalizers} if finalizers else {})
    )
    spec = (
        {"spec": {"containers": [_container(name, inner) for name, inner in containers.items()]}}
        if containers
        else {}
    )
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata} | spec


def _container(name: str, inner: Object) -> Object:
    env = [{"name": n, "value": v} for n, v in inner.get("env", {}).items()]
    return {"name": name} | inner | ({"env": env} if env else {})


def same(one: Object, other: Object, fields: frozenset[Path]) -> bool:
    """In every field, the order of items aside."""
    return all(value_at(one, p) == value_at(other, p) for p in fields if p[-1] != ".")


@given(pods())
def test_applying_twice_is_applying_once(one: Object) -> None:
    first = applied(None, one, POD, "me", False)
    assert applied(first, one, POD, "me", False) == first


@given(pods(), pods())
def test_what_i_apply_is_there_and_what_i_drop_is_gone(one: Object, other: Object) -> None:
    live = applied(applied(None, one, POD, "me", False), other, POD, "me", False)
    mine = owners(live)[0].fields if owners(live) else frozenset()
    assert mine == leaves(other, POD)
    assert leaves(live, POD) == leaves(other, POD)
    assert same(live, other, mine)


@given(pods(), pods())
def test_two_managers_conflict_exactly_where_they_differ(theirs: Object, mine: Object) -> None:
    live = applied(None, theirs, POD, "them", False)
    shared = leaves(theirs, POD) & leaves(mine, POD)
    differing = {p for p in shared if p[-1] != "." and value_at(theirs, p) != value_at(mine, p)}
    if differing:
        with pytest.raises(ApiError) as error:
            applied(live, mine, POD, "me", False)
        assert len(error.value.causes) == len(differing)
        return
    both = applied(live, mine, POD, "me", False)
    # Nothing of either is lost, and each owns what it applied.
    assert leaves(both, POD) >= leaves(theirs, POD) | leaves(mine, POD)
    assert {o.manager: o.fields for o in owners(both)}.get("me", frozenset()) == leaves(mine, POD)


@given(pods(), pods())
def test_force_wins_and_takes_away(theirs: Object, mine: Object) -> None:
    live = applied(applied(None, theirs, POD, "them", False), mine, POD, "me", True)
    assert same(live, mine, leaves(mine, POD))
    fields = {o.manager: o.fields for o in owners(live)}
    lost = leaves(theirs, POD) - fields.get("them", frozenset())
    assert all(value_at(theirs, p) != value_at(mine, p) for p in lost)

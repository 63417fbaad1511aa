"""How the simulated kubelet waits."""

from simulator.cluster.kubelet import back_off_s


def test_the_back_off_doubles_up_to_five_minutes_and_stays_there_however_often_a_container_dies() -> None:
    assert [back_off_s(n) for n in range(1, 7)] == [10, 20, 40, 80, 160, 300]
    assert {back_off_s(n) for n in (7, 100, 1025, 5000, 10**9)} == {300}

"""A run task as Terraform Cloud sees it: whole runs, held and let through, by way of HTTP."""

from clearance.runtask.nouns import Decided
from clearance.subject import configuration
from stack.terraform_cloud import Behaviour, State, Status
from tests.runtask.rehearsing import archive, rehearsing


def test_a_run_is_let_through(tmp_path):
    """All four stages are decided, once each, and answered."""
    with rehearsing(tmp_path) as there:
        run = there.walk()
    assert (State.POST_APPLIED, []) == (run.state, run.warnings), run.why
    assert ["pre_plan", "post_plan", "pre_apply", "post_apply"] == [str(one.stage) for one, _ in there.decided]
    assert {Status.PASSED} == {result.status for result in run.results}
    assert [] == there.cloud.leaks

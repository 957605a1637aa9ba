"""Nothing acknowledged is lost when the server is killed."""

import crash


def test_kill_in_the_middle_of_load(new_server):
    wrong, operations = crash.crash(new_server("--log-level", "error"), kills=20)
    assert not wrong, wrong[:10]
    assert operations > 2000

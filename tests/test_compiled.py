from geogrid.compiled import can_be_kept, compiled, interpreted, is_cached


def test_a_kernel_that_cannot_be_kept_on_disk_is_compiled_all_the_same():
    names: dict[str, object] = {}
    exec("def twice(x):\n    return 2 * x", names)  # numba finds no file beside which to keep it
    kernel = compiled(names["twice"])
    assert kernel(4) == 8
    assert not can_be_kept(kernel)
    assert not is_cached(kernel)
    assert can_be_kept(compiled(_thrice))


def _thrice(x):
    return 3 * x


def test_the_plain_function_is_still_at_hand():
    assert interpreted(compiled(_thrice)) is _thrice

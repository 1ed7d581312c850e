import numpy as np

from geogrid.compiled import ONE, can_be_kept, compiled, inlined, interpreted, is_cached, uncounted


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


@inlined
def _next(values, row):
    return values[row + ONE]


@uncounted
def _shifted(values, result):
    for row in range(len(values) - 1):
        result[row] = _next(values, np.uint32(row))


@compiled
def _shifted_anew(values):
    result = np.zeros_like(values)
    _shifted(values, result)
    return result


def test_a_loop_without_counted_references_works_on_the_arrays_of_its_caller():
    values = np.arange(5)
    assert _shifted_anew(values).tolist() == [1, 2, 3, 4, 0]
    assert values.tolist() == [0, 1, 2, 3, 4]

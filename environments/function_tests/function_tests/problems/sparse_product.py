Sparse = dict[tuple[int, int], int]


def sparse_product(left: Sparse, right: Sparse) -> Sparse:
    """The product of two matrices that are kept as {(row, column): value}; places without a value are 0.

    The result holds no zeros, whether they were written down in the factors or came out of sums.

    >>> sparse_product({(0, 0): 2, (0, 5): 3}, {(0, 1): 10, (5, 1): 1})
    {(0, 1): 23}
    """
    rows: dict[int, list[tuple[int, int]]] = {}
    for (row, column), value in right.items():
        rows.setdefault(row, []).append((column, value))
    product: Sparse = {}
    for (row, middle), value in left.items():
        for column, other in rows.get(middle, []):
            product[row, column] = product.get((row, column), 0) + value * other
    return {place: value for place, value in product.items() if value}


def test_sums() -> None:
    assert sparse_product({(0, 0): 2, (0, 5): 3}, {(0, 1): 10, (5, 1): 1}) == {(0, 1): 23}
    assert sparse_product({(0, 0): 1, (1, 1): 2}, {(0, 0): 3, (1, 0): 4}) == {(0, 0): 3, (1, 0): 8}


def test_no_zeros() -> None:
    assert sparse_product({(0, 0): 1, (0, 1): 1}, {(0, 0): 5, (1, 0): -5}) == {}
    assert sparse_product({(0, 0): 0}, {(0, 0): 7}) == {}


def test_order_matters() -> None:
    assert sparse_product({(0, 1): 1}, {(1, 0): 1}) == {(0, 0): 1}
    assert sparse_product({(1, 0): 1}, {(0, 1): 1}) == {(1, 1): 1}
    assert sparse_product({(0, 1): 1}, {(0, 1): 1}) == {}


def test_far_apart() -> None:
    assert sparse_product({(10**9, 7): 3}, {(7, 10**12): -2}) == {(10**9, 10**12): -6}
    assert sparse_product({}, {(0, 0): 1}) == {}

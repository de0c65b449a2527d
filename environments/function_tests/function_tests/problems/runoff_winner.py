def runoff_winner(ballots: list[list[str]]) -> str | None:
    """The winner of an instant run-off vote; None without a valid ballot.

    Each ballot ranks some candidates, best first. In each round a ballot counts for the best of its candidates still in the race. Who has more than
    half of the ballots that count in a round wins; otherwise the one with the fewest goes out (of several the alphabetically last), also one with
    none. Everybody who is on some ballot starts.

    >>> runoff_winner([["ann", "bob"], ["bob"], ["cid", "bob"], ["ann"], ["bob"]])
    'bob'
    """
    running = {name for ballot in ballots for name in ballot}
    while running:
        votes = dict.fromkeys(running, 0)
        for ballot in ballots:
            choice = next((name for name in ballot if name in running), None)
            if choice is not None:
                votes[choice] += 1
        leader = max(votes, key=lambda name: votes[name])
        if 2 * votes[leader] > sum(votes.values()):
            return leader
        fewest = min(votes.values())
        running.remove(max(name for name, count in votes.items() if count == fewest))
    return None


def test_majority_at_once() -> None:
    assert runoff_winner([["ann"], ["ann"], ["bob"]]) == "ann"
    assert runoff_winner([["zoe", "ann"]]) == "zoe"


def test_votes_move_on() -> None:
    assert runoff_winner([["ann", "bob"], ["bob"], ["cid", "bob"], ["ann"], ["bob"]]) == "bob"
    assert runoff_winner([["a"], ["a"], ["a"], ["b"], ["b"], ["c", "b"], ["c", "b"]]) == "b"


def test_ties_go_by_the_alphabet() -> None:
    assert runoff_winner([["ann"], ["bob"]]) == "ann"
    assert runoff_winner([["b", "a"], ["c", "a"], ["d", "b"]]) == "b"


def test_used_up_ballots_do_not_count() -> None:
    assert runoff_winner([["a"], ["a"], ["b"], ["b"], ["b"], ["c"], ["c"], ["d", "c"]]) == "b"
    assert runoff_winner([[], ["x"], []]) == "x"
    assert runoff_winner([[], []]) is None

"""Forms that go out to the people who fill them in."""

"""The check of dialects finds what runs on one engine alone, and leaves alone what runs on both."""

from __future__ import annotations

import pytest

from tests.warehouse.dialects import offences, types_in_words

ON_BOTH = """
with listed as (

    select
        a,
        cast(b as string) as b,
        coalesce(c, 0.0) / nullif(d, 0.0) * (44e0 / 12e0) as e,
        row_number() over (partition by a order by b) as row_no
    from "carbonloom"."marts"."lineage"
    where d is not distinct from c and a like '%;x' and day >= date '2022-01-01'

)

select listed.*, two.f
from listed
inner join (values (1, 1.0)) as two (a, f)
    on listed.a = two.a
"""


def test_what_runs_on_both_is_left_alone() -> None:
    assert offences(ON_BOTH, ON_BOTH) == []


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        ("select a::double from t", "`::`: write cast(… as …)"),
        ("select cast(a as varchar) from t", "type varchar: write string"),
        ("select cast(a as float) from t", "type float: write double; 32 bits hold seven digits"),
        ("select a * (44.0 / 12.0) from t", "is decimal on Spark and loses digits"),
        ("select a from t qualify row_number() over (order by a) = 1", "`qualify`"),
        ("select list_contains(a, 1) from t", "list_contains(…) is not known to mean the same"),
        ("select strftime(a, '%Y') from t", "strftime(…) is not known to mean the same"),
        ("select log(a) from t", "log(…) is not known to mean the same"),
        ("select [1, 2] as a from t", "a list"),
        ("select {'a': 1} as a from t", ""),
        ("select a[1] from t", "a list or map is opened with [ ]"),
        ("select * exclude (a) from t", ""),
        ("select a from t union all by name select a from u", "`by name`"),
        ("from t", "`from` without a select"),
        ('select "a b" from t', '"a b" in double quotes is a text on Spark'),
        ("select 'a\\n' as b from t", "is an escape on Spark"),
        ("select datediff('day', a, b) from t", "datediff(…) differs between engines"),
        ("select distinct on (a) a, b from t", "`distinct on`"),
        ("select a from t asof join u on t.a >= u.a", ""),
    ],
)
def test_what_runs_on_one_alone_is_named(planted: str, words: str) -> None:
    assert words in "\n".join(offences(planted, planted))
    assert offences(planted, planted)


def test_what_a_macro_writes_for_each_engine_is_left_alone() -> None:
    template = "select {{ days_between('a', 'b') }} as days from t"
    assert offences("select cast(datediff(b, a) as bigint) as days from t", template) == []


def test_a_type_of_a_contract_or_seed_that_an_engine_lacks_is_named() -> None:
    properties = {
        "models": [{"columns": [{"name": "a", "data_type": "varchar"}, {"data_type": "string"}]}],
        "seeds": [{"config": {"column_types": {"a": "float", "b": "double"}}}],
    }
    assert list(types_in_words(properties)) == [
        "type varchar: write string",
        "type float: write double; 32 bits hold seven digits",
    ]

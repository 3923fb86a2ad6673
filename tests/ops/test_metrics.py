import re
import threading

import pytest

from mlapi.ops.metrics import DEFINITIONS, Definition, Kind, Registry

TABLE = (
    Definition("hits_total", Kind.COUNTER, "hits", ("route",), "Hits."),
    Definition("level", Kind.GAUGE, "", (), "Level."),
    Definition("wait_seconds", Kind.HISTOGRAM, "seconds", (), "Wait.", (1.0, 2.0)),
)


def test_definitions_follow_the_naming_conventions() -> None:
    names = [definition.name for definition in DEFINITIONS]
    assert len(set(names)) == len(names)
    for definition in DEFINITIONS:
        assert re.fullmatch(r"mlapi_[a-z_]+", definition.name)
        assert definition.name.endswith("_total") == (definition.kind is Kind.COUNTER)
        assert bool(definition.buckets) == (definition.kind is Kind.HISTOGRAM)
        assert list(definition.buckets) == sorted(set(definition.buckets))
        assert definition.help.endswith(".")


def test_samples_come_in_the_tables_order_with_labels_sorted() -> None:
    registry = Registry(TABLE)
    registry.observe("wait_seconds", 1.0)
    registry.observe("wait_seconds", 1.5)
    registry.observe("wait_seconds", 9.0)
    registry.put("level", 4.0)
    registry.add("level", by=-1.0)
    registry.add("hits_total", "b")
    registry.add("hits_total", "a", by=2.0)
    assert [(s.definition.name, s.labels, s.value, s.counts) for s in registry.samples()] == [
        ("hits_total", ("a",), 2.0, ()),
        ("hits_total", ("b",), 1.0, ()),
        ("level", (), 3.0, ()),
        ("wait_seconds", (), 11.5, (1, 1, 1)),
    ]


def test_untouched_metrics_give_no_samples() -> None:
    assert list(Registry().samples()) == []


def test_a_counter_only_grows() -> None:
    with pytest.raises(ValueError, match="hits_total only grows"):
        Registry(TABLE).add("hits_total", "a", by=-1.0)


def test_a_wrong_name_kind_or_label_is_refused() -> None:
    registry = Registry(TABLE)
    with pytest.raises(ValueError, match="unknown is no counter or gauge"):
        registry.add("unknown")
    with pytest.raises(ValueError, match="hits_total is no gauge"):
        registry.put("hits_total", 1.0, "a")
    with pytest.raises(ValueError, match="level is no histogram"):
        registry.observe("level", 1.0)
    with pytest.raises(ValueError, match="takes the labels"):
        registry.add("hits_total")


def test_nothing_is_lost_between_threads() -> None:
    registry = Registry(TABLE)
    threads = [threading.Thread(target=_hit, args=(registry,), daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sample.value for sample in registry.samples()] == [4000.0]


def _hit(registry: Registry) -> None:
    for _ in range(1000):
        registry.add("hits_total", "a")

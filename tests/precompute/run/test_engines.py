"""Engines: the same results everywhere, tasks drawn as they are needed, one line for what cannot be."""

import importlib.util
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from precompute.run.engines import Engine, EngineError, LocalEngine, engine
from precompute.run.engines.needs import Needs, needs
from tests.support import engine_work
from tests.support.engine_work import Job

WORKERS = 2
AHEAD = 2 * WORKERS + 1  # tasks that may have been drawn and not yet be answered


@pytest.fixture(scope="module")
def ray_engine() -> Iterator[Engine]:
    """A cluster of two workers, for all tests here."""
    if importlib.util.find_spec("ray") is None:
        assert not os.environ.get("NE_REQUIRE_RAY"), "ray is not installed"
        pytest.skip("ray is not installed: pip install -r requirements-ray.txt -c constraints.txt")
    from precompute.run.engines.ray import RayEngine

    with RayEngine(workers=WORKERS) as opened:
        yield opened


@pytest.fixture(params=["local", "ray"])
def any_engine(request: pytest.FixtureRequest) -> Engine:
    return request.getfixturevalue("ray_engine") if request.param == "ray" else LocalEngine(WORKERS)


@pytest.fixture
def job() -> Job:
    return Job(np.random.default_rng(0).integers(-9, 10, size=(40, 700)).astype(np.float32))


def payloads(n: int) -> list[tuple[int, np.ndarray]]:
    """Of whole numbers, whose products are the same however many threads share them."""
    rng = np.random.default_rng(1)
    return [(number, rng.integers(-9, 10, size=(700, 30)).astype(np.float32)) for number in range(n)]


def arrays(results) -> dict[int, dict[str, bytes]]:
    return {number: {name: array.tobytes() for name, array in result.items()} for number, result in results}


@pytest.mark.parametrize("cores", [None, 1])
def test_no_tasks_no_results(any_engine, job, cores):
    assert list(any_engine.map(engine_work.product, job, [], cores)) == []


@pytest.mark.parametrize("cores", [None, 1])
def test_results_are_those_of_one_process(any_engine, job, cores):
    tasks = payloads(9)
    found = arrays(any_engine.map(engine_work.product, job, iter(tasks), cores))
    assert found == {
        number: {name: array.tobytes() for name, array in engine_work.product(job, payload).items()}
        for number, payload in tasks
    }


def test_one_core_rounds_as_another(any_engine, job):
    """Threads that share a product round it otherwise; a task of one core has one thread wherever it runs."""
    tasks = [(number, payload + np.float32(0.1)) for number, payload in payloads(3)]
    alone = arrays(LocalEngine(1).map(engine_work.product, job, tasks, 1))
    assert arrays(any_engine.map(engine_work.product, job, tasks, 1)) == alone


def test_the_order_of_tasks_does_not_show(any_engine, job):
    tasks = payloads(7)
    assert arrays(any_engine.map(engine_work.product, job, tasks, 1)) == arrays(
        any_engine.map(engine_work.product, job, tasks[::-1], 1)
    )


def test_tasks_are_drawn_as_workers_take_them(any_engine, job):
    drawn, answered = [], 0

    def tasks():
        for task in payloads(40):
            assert len(drawn) - answered < AHEAD
            drawn.append(task[0])
            yield task

    for _ in any_engine.map(engine_work.product, job, tasks(), 1):
        answered += 1
    assert answered == len(drawn) == 40


def test_in_one_process_a_task_is_drawn_when_the_result_before_it_was_used(job):
    drawn = []
    tasks = (drawn.append(number) or (number, payload) for number, payload in payloads(3))
    for number, _ in LocalEngine().map(engine_work.product, job, tasks, None):
        assert drawn == list(range(number + 1))


@pytest.mark.parametrize("cores", [None, 1])
def test_an_error_arrives_as_it_was_raised(any_engine, job, cores):
    with pytest.raises(ValueError, match=r"^payload 3 is invalid$"):
        list(any_engine.map(engine_work.fail_on_three, job, ((n, n) for n in range(9)), cores))
    # and the engine goes on working
    assert len(list(any_engine.map(engine_work.fail_on_three, job, [(0, 0)], cores))) == 1


def test_an_error_while_drawing_a_task_arrives(any_engine, job):
    def tasks():
        yield 0, 0
        raise ValueError("the corpus ends here")

    with pytest.raises(ValueError, match="the corpus ends here"):
        list(any_engine.map(engine_work.fail_on_three, job, tasks(), 1))


def test_a_caller_may_stop_early(any_engine, job):
    drawn = []
    tasks = (drawn.append(number) or (number, number) for number in range(1000))
    next(results := iter(any_engine.map(engine_work.fail_on_three, job, tasks, 1)))
    results.close()
    assert len(drawn) <= AHEAD


def test_workers_are_other_processes_with_one_thread(any_engine, job):
    found = [r for _, r in any_engine.map(engine_work.environment, job, ((n, n) for n in range(6)), 1)]
    assert os.getpid() not in {int(result["pid"]) for result in found}
    assert {str(result["threads"]) for result in found} == {"1"}


def test_results_of_ray_can_be_written_to(ray_engine, job):
    """Their memory is no longer the cluster's."""
    ((_, result),) = ray_engine.map(engine_work.product, job, payloads(1), 1)
    result["product"] += 1


def test_a_killed_local_worker_is_one_line(job):
    with pytest.raises(EngineError, match=r"^a worker process died, most often for want of memory: .*$"):
        list(LocalEngine(WORKERS).map(engine_work.dies_always, job, ((n, n) for n in range(9)), 1))


def test_a_killed_ray_worker_changes_nothing(ray_engine, tmp_path, capfd):
    def kill():
        while not (tmp_path / "pid").exists():
            time.sleep(0.05)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

    job = Job(np.arange(5.0), tmp_path)
    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    found = arrays(ray_engine.map(engine_work.dies_once, job, ((n, n) for n in range(12)), 1))
    killer.join()
    assert found == {n: {"product": (np.arange(5.0) * n).tobytes()} for n in range(12)}
    assert capfd.readouterr().out == ""


def test_a_task_that_kills_every_worker_ends(ray_engine, job, monkeypatch):
    monkeypatch.setattr("precompute.run.engines.ray.RETRIES", 1)
    with pytest.raises(EngineError, match="died 2 times over one task, most often for want of memory"):
        list(ray_engine.map(engine_work.dies_always, job, ((n, n) for n in range(4)), 1))


def test_a_module_that_workers_lack_is_one_line(ray_engine, job, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def work(job, payload):\n    return {}\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here

    with pytest.raises(EngineError, match=r"^a machine of the Ray cluster lacks .*: No module named 'only_here'$"):
        list(ray_engine.map(only_here.work, job, [(0, 0)], 1))


def test_other_packages_on_a_worker_are_refused(ray_engine, job, monkeypatch):
    from precompute.run.engines import ray as module

    wanted = {**module.packages(), "numpy": "1.0"}
    monkeypatch.setattr(module, "packages", lambda: wanted)
    with pytest.raises(EngineError, match=r"has numpy .*, and 1\.0 is needed for the same result$"):
        list(ray_engine.map(engine_work.product, job, payloads(1), 1))


def test_a_task_too_large_for_every_machine_is_one_line(ray_engine, job, monkeypatch):
    monkeypatch.setattr("precompute.run.engines.ray.MACHINES_S", 0)
    with pytest.raises(EngineError, match=r"^no machine of the Ray cluster has 64 cores .* fewer --threads"):
        list(ray_engine.map(engine_work.product, job, payloads(1), 64))


def test_an_address_that_does_not_answer_is_one_line(monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setattr("precompute.run.engines.ray.ANSWER_S", 0.2)
    for address in ("127.0.0.1:1", "ray://127.0.0.1:1"):
        with pytest.raises(EngineError, match=f"^address: no Ray cluster answers at {address}"), engine("ray", address):
            pass


def test_a_cluster_that_is_gone_is_one_line(monkeypatch):
    pytest.importorskip("ray")
    from precompute.run.engines.ray import Machines

    monkeypatch.setattr("precompute.run.engines.ray.HEAD_S", 0)
    with pytest.raises(EngineError, match="the Ray cluster is gone"):
        Machines(("127.0.0.1", 1), Needs(1, 0, {})).room()


def test_engines_by_name():
    assert isinstance(engine("local"), LocalEngine)
    with pytest.raises(EngineError, match="'slurm' is not local or ray"):
        engine("slurm")


def test_without_ray_the_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "precompute.run.engines.ray", raising=False)
    with pytest.raises(EngineError, match=r"pip install -r requirements-ray\.txt"):
        engine("ray")


@pytest.mark.parametrize(
    ("resources", "takes", "n"),
    [
        ({"CPU": 8.0}, Needs(1, 0, {}), 8),
        ({"CPU": 8.0}, Needs(3, 0, {}), 2),
        ({"CPU": 8.0}, Needs(1, 1, {}), 0),
        ({"CPU": 8.0, "GPU": 2.0}, Needs(3, 1, {}), 2),
        ({"CPU": 2.0, "GPU": 2.0}, Needs(2, 1, {}), 1),
        ({"memory": 1.0}, Needs(1, 0, {}), 0),
    ],
)
def test_tasks_that_fit_a_machine(resources, takes, n):
    assert takes.fitting(resources) == n


def test_a_task_of_a_model_takes_its_threads_and_its_gpu():
    def of(device: str) -> Needs:
        return needs(SimpleNamespace(model=SimpleNamespace(threads=3, device=device)), None)

    assert (of("cpu").cores, of("cpu").gpus) == (3, 0)
    assert (of("cuda").cores, of("cuda").gpus) == (3, 1)
    assert needs(None, 1) == Needs(1, 0, dict.fromkeys(needs(None, 1).threads, "1"))
    with pytest.raises(EngineError, match=r"device: cuda:1: .*cuda would work"):
        of("cuda:1")


def test_libraries_get_the_threads_that_they_have_here(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.setenv("MKL_NUM_THREADS", "4")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert needs(None, None).threads == {
        "OMP_NUM_THREADS": "5",
        "OPENBLAS_NUM_THREADS": "5",
        "MKL_NUM_THREADS": "4",
    }

"""Engines: the same results everywhere, tasks drawn as needed, errors as one line."""

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
AHEAD = 2 * WORKERS + 1  # tasks that may be drawn before their results are returned


@pytest.fixture(scope="module")
def ray_engine() -> Iterator[Engine]:
    """Start a cluster of two workers for all tests of this file."""
    if importlib.util.find_spec("ray") is None:
        assert not os.environ.get("NE_REQUIRE_RAY"), "ray is not installed"
        pytest.skip("ray is not installed: pip install -r requirements-ray.txt -c constraints.txt")
    from precompute.run.engines.ray import RayEngine

    with RayEngine(workers=WORKERS) as engine:
        yield engine


@pytest.fixture(params=["local", "ray"])
def any_engine(request: pytest.FixtureRequest) -> Engine:
    return request.getfixturevalue("ray_engine") if request.param == "ray" else LocalEngine(WORKERS)


@pytest.fixture
def job() -> Job:
    return Job(np.random.default_rng(0).integers(-9, 10, size=(40, 700)).astype(np.float32))


def payloads(n: int) -> list[tuple[int, np.ndarray]]:
    """Return arrays of whole numbers, whose products do not depend on the number of threads."""
    rng = np.random.default_rng(1)
    return [(number, rng.integers(-9, 10, size=(700, 30)).astype(np.float32)) for number in range(n)]


def arrays(results) -> dict[int, dict[str, bytes]]:
    return {number: {name: array.tobytes() for name, array in result.items()} for number, result in results}


@pytest.mark.fast("local")
@pytest.mark.parametrize("cores", [None, 1])
def test_no_tasks_no_results(any_engine, job, cores):
    assert list(any_engine.map(engine_work.product, job, [], cores)) == []


@pytest.mark.fast("local", "ray-None")
@pytest.mark.parametrize("cores", [None, 1])
def test_results_match_one_process(any_engine, job, cores):
    tasks = payloads(9)
    results = arrays(any_engine.map(engine_work.product, job, iter(tasks), cores))
    assert results == {
        number: {name: array.tobytes() for name, array in engine_work.product(job, payload).items()}
        for number, payload in tasks
    }


def test_tasks_of_one_core_round_the_same_everywhere(any_engine, job):
    """Check tasks of one core, which have one thread on every engine: more threads round differently."""
    tasks = [(number, payload + np.float32(0.1)) for number, payload in payloads(3)]
    alone = arrays(LocalEngine(1).map(engine_work.product, job, tasks, 1))
    assert arrays(any_engine.map(engine_work.product, job, tasks, 1)) == alone


def test_results_do_not_depend_on_the_order_of_tasks(any_engine, job):
    tasks = payloads(7)
    assert arrays(any_engine.map(engine_work.product, job, tasks, 1)) == arrays(
        any_engine.map(engine_work.product, job, tasks[::-1], 1)
    )


@pytest.mark.fast("local")
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


def test_one_process_draws_a_task_after_the_result_before_it(job):
    drawn = []
    tasks = (drawn.append(number) or (number, payload) for number, payload in payloads(3))
    for number, _ in LocalEngine().map(engine_work.product, job, tasks, None):
        assert drawn == list(range(number + 1))


@pytest.mark.parametrize("cores", [None, 1])
def test_errors_of_tasks_are_raised(any_engine, job, cores):
    with pytest.raises(ValueError, match=r"^payload 3 is invalid$"):
        list(any_engine.map(engine_work.fail_on_three, job, ((n, n) for n in range(9)), cores))
    # the engine still works
    assert len(list(any_engine.map(engine_work.fail_on_three, job, [(0, 0)], cores))) == 1


def test_errors_while_drawing_a_task_are_raised(any_engine, job):
    def tasks():
        yield 0, 0
        raise ValueError("the corpus ends here")

    with pytest.raises(ValueError, match="the corpus ends here"):
        list(any_engine.map(engine_work.fail_on_three, job, tasks(), 1))


def test_caller_may_stop_early(any_engine, job):
    drawn = []
    tasks = (drawn.append(number) or (number, number) for number in range(1000))
    next(results := iter(any_engine.map(engine_work.fail_on_three, job, tasks, 1)))
    results.close()
    assert len(drawn) <= AHEAD


def test_workers_are_other_processes_with_one_thread(any_engine, job):
    results = [r for _, r in any_engine.map(engine_work.environment, job, ((n, n) for n in range(6)), 1)]
    assert os.getpid() not in {int(result["pid"]) for result in results}
    assert {str(result["threads"]) for result in results} == {"1"}


def test_results_of_ray_can_be_written_to(ray_engine, job):
    """Check that results are copies, not views of the cluster's memory."""
    ((_, result),) = ray_engine.map(engine_work.product, job, payloads(1), 1)
    result["product"] += 1


def test_killed_local_worker_is_one_line(job):
    with pytest.raises(EngineError, match=r"^a worker process died, usually because memory ran out: .*$"):
        list(LocalEngine(WORKERS).map(engine_work.dies_always, job, ((n, n) for n in range(9)), 1))


def test_killed_ray_worker_changes_no_result(ray_engine, tmp_path, capfd):
    def kill():
        while not (tmp_path / "pid").exists():
            time.sleep(0.05)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

    job = Job(np.arange(5.0), tmp_path)
    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    results = arrays(ray_engine.map(engine_work.dies_once, job, ((n, n) for n in range(12)), 1))
    killer.join()
    assert results == {n: {"product": (np.arange(5.0) * n).tobytes()} for n in range(12)}
    assert capfd.readouterr().out == ""


@pytest.mark.slow
def test_task_that_kills_every_worker_is_one_line(ray_engine, job, monkeypatch):
    monkeypatch.setattr("precompute.run.engines.ray.RETRIES", 1)
    with pytest.raises(EngineError, match="died 2 times in one task, usually because memory ran out"):
        list(ray_engine.map(engine_work.dies_always, job, ((n, n) for n in range(4)), 1))


def test_module_missing_on_workers_is_one_line(ray_engine, job, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def work(job, payload):\n    return {}\n")
    monkeypatch.syspath_prepend(tmp_path)
    import only_here

    with pytest.raises(EngineError, match=r"^a machine of the Ray cluster lacks .*: No module named 'only_here'$"):
        list(ray_engine.map(only_here.work, job, [(0, 0)], 1))


def test_different_packages_on_a_worker_are_refused(ray_engine, job, monkeypatch):
    from precompute.run.engines import ray as module

    wanted = {**module.packages(), "numpy": "1.0"}
    monkeypatch.setattr(module, "packages", lambda: wanted)
    with pytest.raises(EngineError, match=r"has numpy .*, and 1\.0 is needed for the same result$"):
        list(ray_engine.map(engine_work.product, job, payloads(1), 1))


def test_task_too_large_for_every_machine_is_one_line(ray_engine, job, monkeypatch):
    monkeypatch.setattr("precompute.run.engines.ray.MACHINES_S", 0)
    with pytest.raises(EngineError, match=r"^no machine of the Ray cluster has 64 cores .* fewer --threads, and"):
        list(ray_engine.map(engine_work.product, job, payloads(1), 64))


def test_address_that_does_not_answer_is_one_line(monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setattr("precompute.run.engines.ray.ANSWER_S", 0.2)
    for address in ("127.0.0.1:1", "ray://127.0.0.1:1"):
        with pytest.raises(EngineError, match=f"^address: no Ray cluster answers at {address}"), engine("ray", address):
            pass


def test_lost_cluster_is_one_line(monkeypatch):
    pytest.importorskip("ray")
    from precompute.run.engines.ray import Machines

    monkeypatch.setattr("precompute.run.engines.ray.HEAD_S", 0)
    with pytest.raises(EngineError, match="the Ray cluster is gone"):
        Machines(("127.0.0.1", 1), Needs(1, 0, {})).capacity()


def test_engines_by_name():
    assert isinstance(engine("local"), LocalEngine)
    with pytest.raises(EngineError, match="'slurm' is not local or ray"):
        engine("slurm")


def test_error_without_ray_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "precompute.run.engines.ray", raising=False)
    with pytest.raises(EngineError, match=r"pip install -r requirements-ray\.txt"):
        engine("ray")


@pytest.mark.parametrize(
    ("resources", "task_needs", "n"),
    [
        ({"CPU": 8.0}, Needs(1, 0, {}), 8),
        ({"CPU": 8.0}, Needs(3, 0, {}), 2),
        ({"CPU": 8.0}, Needs(1, 1, {}), 0),
        ({"CPU": 8.0, "GPU": 2.0}, Needs(3, 1, {}), 2),
        ({"CPU": 2.0, "GPU": 2.0}, Needs(2, 1, {}), 1),
        ({"memory": 1.0}, Needs(1, 0, {}), 0),
    ],
)
def test_tasks_that_fit_a_machine(resources, task_needs, n):
    assert task_needs.fitting(resources) == n


def test_needs_of_a_task_with_a_model():
    def of(device: str) -> Needs:
        return needs(SimpleNamespace(model=SimpleNamespace(threads=3, device=device)), None)

    assert (of("cpu").cores, of("cpu").gpus) == (3, 0)
    assert (of("cuda").cores, of("cuda").gpus) == (3, 1)
    assert needs(None, 1) == Needs(1, 0, dict.fromkeys(needs(None, 1).threads, "1"))
    with pytest.raises(EngineError, match=r"device: cuda:1: .*: use cuda"):
        of("cuda:1")


def test_thread_settings_are_those_of_this_process(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.setenv("MKL_NUM_THREADS", "4")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert needs(None, None).threads == {
        "OMP_NUM_THREADS": "5",
        "OPENBLAS_NUM_THREADS": "5",
        "MKL_NUM_THREADS": "4",
    }

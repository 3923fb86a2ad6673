from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.ops.errors import SettingsError
from mlapi.ops.fields import Secret
from mlapi.ops.settings import Settings, catalog, environment_of, load_settings
from tests.fixtures.configurations import ENVIRONMENTS, configuration

PRODUCTION = {"MLAPI_ENVIRONMENT": "production"}
SEED_FIELDS = {
    "api": {"host", "port", "model_name", "model_stage", "api_key", "log_level", "cors_origins", "https_only"},
    "mlflow": {
        "tracking_uri",
        "artifact_root",
        "backend_store_uri",
        "default_artifact_root",
        "s3_bucket",
        "aws_region",
    },
    "security": {"secrets_manager_enabled", "parameter_store_enabled", "iam_role_arn"},
    "monitoring": {"cloudwatch_enabled", "sns_topic_arn", "pagerduty_integration_key", "log_retention_days"},
}


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ=environ)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_field_of_the_seed_is_a_setting() -> None:
    names = {entry.name for entry in catalog()}
    assert {f"{section}.{field}" for section, fields in SEED_FIELDS.items() for field in fields} <= names


def test_every_setting_has_a_meaning_and_a_variable_of_its_own() -> None:
    entries = catalog()
    assert all(entry.meaning for entry in entries)
    assert len({entry.env for entry in entries}) == len(entries) == len({entry.path[-1] for entry in entries})


def test_defaults_keep_everything_below_the_state_directory(tmp_path: Path) -> None:
    settings = load_settings(environ={})
    assert settings.mlflow.tracking_uri == f"sqlite:///{tmp_path}/.mlapi/mlflow.db"
    assert settings.mlflow.backend_store_uri == settings.mlflow.tracking_uri
    assert settings.mlflow.artifact_root == settings.mlflow.default_artifact_root == f"{tmp_path}/.mlapi/artifacts"
    assert settings.serving_dir == Path(".mlapi/serving")
    assert settings.key_file == Path(".mlapi/key")
    assert (settings.api.host, settings.api.https_only, settings.api.keys) == ("127.0.0.1", False, ())


def test_an_empty_variable_counts_as_absent() -> None:
    assert load_settings(environ={"MLAPI_PORT": "", "MLAPI_STATE_DIR": ""}) == load_settings(environ={})


def test_flags_win_over_environment_and_environment_over_file(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text('store = ""\n[api]\nport = 1\nhost = "a"\nmodel_name = "m"\n')
    environ = {"MLAPI_PORT": "2", "MLAPI_HOST": "b"}
    api = load_settings(config_file=file, environ=environ, flags={"port": 3, "host": None}).api
    assert (api.port, api.host, api.model_name) == (3, "b", "m")


def test_the_file_is_the_given_one_else_the_variables_else_that_of_the_working_directory(tmp_path: Path) -> None:
    for name, port in (("a.toml", 1), ("b.toml", 2), ("mlapi.toml", 3)):
        (tmp_path / name).write_text(f"[api]\nport = {port}\n")
    environ = {"MLAPI_CONFIG": str(tmp_path / "b.toml")}
    assert load_settings(config_file=tmp_path / "a.toml", environ=environ).api.port == 1
    assert load_settings(environ=environ).api.port == 2
    assert load_settings(environ={}).api.port == 3


def test_this_processs_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLAPI_PORT", "8001")
    assert load_settings().api.port == 8001


def test_lists_are_separated_by_commas_in_the_environment() -> None:
    environ = {"MLAPI_API_KEYS": "one, two,", "MLAPI_CORS_ORIGINS": "https://a.example,http://b.example:3000"}
    settings = load_settings(environ=environ | {"MLAPI_API_KEY": "zero"})
    assert [key.get_secret_value() for key in settings.api.keys] == ["zero", "one", "two"]
    assert settings.api.cors_origins == ("https://a.example", "http://b.example:3000")


def test_other_tools_variables_keep_their_names() -> None:
    environ = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000", "AWS_REGION": "eu-west-1", "MLFLOW_UNKNOWN": "x"}
    settings = load_settings(environ=environ)
    assert (settings.mlflow.tracking_uri, settings.mlflow.aws_region) == ("http://127.0.0.1:5000", "eu-west-1")


def test_a_bucket_becomes_the_artifact_root_of_the_server() -> None:
    assert load_settings(environ={"MLAPI_S3_BUCKET": "models"}).mlflow.default_artifact_root == "s3://models"


def test_training_parameters_pass_unread() -> None:
    training = load_settings(environ={"MLAPI_TRAINING_SEED": "7", "MLAPI_TRAINING_DROP": ""}).training
    assert training == {"seed": "7"}


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("MLAPI_PROT", "1", "no such setting in the environment; did you mean MLAPI_PORT?"),
        ("MLAPI_port", "1", "did you mean MLAPI_PORT?"),
        ("MLAPI_ZZZZZZZZ", "1", "MLAPI_ZZZZZZZZ: no such setting in the environment"),
        ("MLAPI_PORT", "eighty", "MLAPI_PORT: give a whole number"),
        ("MLAPI_PORT", "65536", "MLAPI_PORT: give a whole number <= 65535"),
        ("MLAPI_LOG_LEVEL", "loud", "MLAPI_LOG_LEVEL: give DEBUG or INFO or WARNING or ERROR or CRITICAL"),
        ("MLAPI_ENVIRONMENT", "prod", "MLAPI_ENVIRONMENT: give development or production"),
        ("MLAPI_STORE", "dir:models", "MLAPI_STORE: give mlflow, file:DIR or s3://bucket/prefix"),
        ("MLAPI_STORE", "file:", "MLAPI_STORE"),
        ("MLAPI_API_KEYS", "sha256:abc", "MLAPI_API_KEYS: a hashed key is 'sha256:' and 64 hexadecimal digits"),
        ("MLAPI_IAM_ROLE_ARN", "admin", "MLAPI_IAM_ROLE_ARN: give a text matching regex"),
        ("MLAPI_PUBLIC_URL", "https://ml.example.org/api", "MLAPI_PUBLIC_URL: give scheme and host only"),
        ("MLAPI_DOCS_PUBLIC", "perhaps", "MLAPI_DOCS_PUBLIC: give true or false"),
    ],
)
def test_a_wrong_variable_is_refused_in_one_line_that_names_it(variable: str, value: str, says: str) -> None:
    assert says in refused(**{variable: value})


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://*.example.org", "https://a.example/", "https://a.example/x", "a.example", "ftp://a.example",
     "https://u:p@a.example", "https://a.example:x", "https://a.example:", "https://", "https://[::1"],
)  # fmt: skip
def test_a_pattern_or_half_an_origin_is_refused_everywhere(origin: str) -> None:
    assert refused(MLAPI_CORS_ORIGINS=origin).startswith("MLAPI_CORS_ORIGINS: give whole origins")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[api]\nprot = 1", "api.prot: no such setting in mlapi.toml; did you mean api.port?"),
        ("port = 1", "port: no such setting in mlapi.toml; did you mean api.port?"),
        ("[api]\nport = 'x'", "api.port in mlapi.toml: give a whole number"),
        ("[api]\ncors_origins = [1]", "api.cors_origins in mlapi.toml: give a text"),
        ("api = 1", "api: no such setting in mlapi.toml"),
        ("[api", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_the_place(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "mlapi.toml").write_text(text)
    assert says in refused()


def test_a_missing_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read: no such file or directory"):
        load_settings(config_file=tmp_path / "none.toml", environ={})
    (tmp_path / "latin.toml").write_bytes(b'store = "\xe9"')
    with pytest.raises(SettingsError, match="is not valid TOML"):
        load_settings(config_file=tmp_path / "latin.toml", environ={})


def test_a_flag_that_is_no_setting_is_refused() -> None:
    with pytest.raises(SettingsError, match="no such setting among the flags; did you mean port"):
        load_settings(environ={}, flags={"prt": 1})


def test_settings_are_frozen_and_hide_secrets() -> None:
    settings = load_settings(environ={"MLAPI_API_KEY": "mlk_very_secret", "MLAPI_DATABASE_URL": "postgresql://u:p@h/d"})
    with pytest.raises(AttributeError, match="immutable"):
        settings.store = "file:x"  # type: ignore[misc]  # that it fails is the test
    assert "mlk_very" not in repr(settings)
    assert "u:p" not in repr(settings)


def test_a_wrong_secret_is_not_echoed() -> None:
    assert "hunter2" not in refused(MLAPI_API_KEYS="sha256:hunter2")


def test_settings_can_be_built_from_their_parts() -> None:
    parts = load_settings(environ={"MLAPI_PORT": "9"})
    assert Settings(api=parts.api, mlflow=parts.mlflow) == parts


class TestProduction:
    def test_https_is_the_default(self) -> None:
        assert load_settings(environ=PRODUCTION).api.https_only

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("MLAPI_API_KEY", "changeme"),
            ("MLAPI_API_KEYS", "mlk_0123456789abcdef,secret"),
            ("MLAPI_API_KEY", "your-api-key-0123456789"),
            ("MLAPI_API_KEY", "aaaaaaaaaaaaaaaaaaaaaaaa"),
            ("MLAPI_HTTPS_ONLY", "false"),
            ("MLFLOW_TRACKING_URI", "http://mlflow:5000"),
            ("MLAPI_DATABASE_URL", "postgresql+psycopg://u@db/x"),
            ("MLAPI_DATABASE_URL", "postgresql://u@db/x?sslmode=prefer"),
        ],
    )
    def test_what_is_unsafe_is_refused_by_name(self, variable: str, value: str) -> None:
        name = "MLAPI_API_KEYS" if variable == "MLAPI_API_KEY" else variable
        assert refused(**PRODUCTION, **{variable: value}).startswith(f"{name}: ")

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("MLAPI_API_KEY", "mlk_NQ8Wc0kBqTj3Zl5v"),
            ("MLAPI_API_KEYS", "sha256:" + "0" * 64),
            ("MLFLOW_TRACKING_URI", "http://localhost:5000"),
            ("MLFLOW_TRACKING_URI", "http://[::1]:5000"),
            ("MLFLOW_TRACKING_URI", "https://mlflow.example.org"),
            ("MLAPI_DATABASE_URL", "postgresql://u@db/x?sslmode=verify-full"),
            ("MLAPI_DATABASE_URL", "sqlite:///log.db"),
        ],
    )
    def test_what_is_safe_is_taken(self, variable: str, value: str) -> None:
        load_settings(environ={**PRODUCTION, variable: value})

    def test_a_named_host_may_be_spoken_to_in_clear(self) -> None:
        environ = PRODUCTION | {"MLFLOW_TRACKING_URI": "http://mlflow:5000", "MLAPI_INSECURE_HOSTS": "db,mlflow"}
        load_settings(environ=environ)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_configuration_of_each_environment_loads(environment: str) -> None:
    settings = load_settings(config_file=configuration(environment), environ={})
    assert settings.environment == ("production" if environment == "production" else "development")
    assert settings.api.keys


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_environment_wins_over_each_configuration(environment: str) -> None:
    assert load_settings(config_file=configuration(environment), environ={"MLAPI_PORT": "9"}).api.port == 9


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_child_builds_the_same_settings_from_the_variables_of_its_parent(environment: str) -> None:
    settings = load_settings(config_file=configuration(environment), environ={})
    child = load_settings(environ=environment_of(settings))
    assert child == settings.replaced(training={})


def test_a_child_is_told_only_what_it_may_know() -> None:
    settings = load_settings(environ={"MLAPI_API_KEY": "mlk_x", "MLAPI_MODEL_NAME": "churn"})
    told = environment_of(settings, leave_out={"api.api_key"})
    assert "MLAPI_API_KEY" not in told
    assert told["MLAPI_MODEL_NAME"] == "churn"


@given(st.dictionaries(st.sampled_from([entry.env for entry in catalog()]), st.text(max_size=20), max_size=4))
def test_any_value_gives_settings_or_one_line(environ: dict[str, str]) -> None:
    try:
        load_settings(environ=environ)
    except SettingsError as error:
        assert len(str(error).splitlines()) == 1


def test_a_key_is_a_secret_whatever_the_source() -> None:
    assert isinstance(load_settings(environ={}, flags={"api_keys": ["a"]}).api.keys[0], Secret)

"""The documentation pages in a real browser (Debian's chromium): they work, and they ask no other host."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.app.bundles import bundle
from tests.app.service import KEY, publish
from tests.app.test_server import Running, running

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PATIENCE_S = 60
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromium-driver are not installed")
SHOTS = os.environ.get("MLAPI_TEST_SCREENSHOTS")  # a folder that keeps what the pages looked like


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path = tmp_path_factory.mktemp("shown")
    publish(path, "churn", bundle(("no", "yes")))
    with running(path) as one:
        yield one


class Browser:
    """A browser without a screen, and what its pages asked for."""

    def __init__(self, home: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu", "window-size=1400,2400"):
            options.add_argument(f"--{flag}")
        options.add_argument(f"--user-data-dir={home}")
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
        self.driver.set_page_load_timeout(PATIENCE_S)

    def wait(self, css: str, *, number: int = 1) -> list[WebElement]:
        """The elements of a selector, once there are so many that can be seen."""

        def there(driver: Any) -> Any:
            found = [one for one in driver.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()]
            return found if len(found) >= number else False

        found: list[WebElement] = WebDriverWait(self.driver, PATIENCE_S).until(there, css)
        return found

    def click(self, css: str) -> None:
        [one, *_] = self.wait(css)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", one)
        self.driver.execute_script("arguments[0].click()", one)

    def shot(self, name: str) -> None:
        if SHOTS:
            self.driver.save_screenshot(str(Path(SHOTS) / f"{name}.png"))

    def asked(self) -> list[str]:
        """Addresses of every request since the last look."""
        entries = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        sent = [one["params"]["request"]["url"] for one in entries if one["method"] == "Network.requestWillBeSent"]
        inside = ("data", "blob", "chrome", "chrome-untrusted", "about")  # what never leaves the browser
        return [url for url in sent if urlsplit(url).scheme not in inside]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]  # selenium leaves it open
        return found

    def errors(self) -> list[str]:
        return [entry["message"] for entry in self._log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    one = Browser(tmp_path_factory.mktemp("chromium"))
    try:
        yield one
    finally:
        one.driver.quit()


def check_hosts(browser: Browser, live: Running) -> None:
    asked = browser.asked()
    assert asked
    assert {urlsplit(url).netloc for url in asked} == {f"127.0.0.1:{live.port}"}


def test_the_examples_run_from_the_page_and_succeed(browser: Browser, live: Running) -> None:
    browser.driver.get(f"http://127.0.0.1:{live.port}/docs")
    browser.wait(".opblock", number=20)
    browser.shot("docs")
    browser.click(".btn.authorize")
    [field, *_] = browser.wait(".modal-ux input[type=text], .modal-ux input[type=password]")
    field.send_keys(KEY)
    browser.shot("docs-authorize")
    browser.click(".modal-ux .btn.authorize")
    browser.click(".modal-ux .btn-done")
    for operation in ("predict_v1_predict_post", "current_models_current_get", "invocations_invocations_post"):
        block = f".opblock[id$='{operation}']"
        browser.click(f"{block} .opblock-summary-control")
        browser.click(f"{block} .execute")
        [status, *_] = browser.wait(f"{block} .live-responses-table .response .response-col_status")
        browser.shot(f"docs-{operation}")
        assert status.text.split()[0] == "200", status.text
    snippets = browser.driver.find_element(By.CSS_SELECTOR, ".opblock[id$='predict_v1_predict_post'] .request-snippets")
    assert all(name in snippets.text for name in ("curl", "Python", "JavaScript"))
    assert KEY in snippets.text
    assert browser.errors() == []
    check_hosts(browser, live)


def test_redoc_renders_with_code_samples(browser: Browser, live: Running) -> None:
    browser.driver.get(f"http://127.0.0.1:{live.port}/redoc")
    browser.wait("h1")
    browser.wait("[data-section-id^='operation'], [id^='operation/'], [id^='tag/']", number=10)
    browser.shot("redoc")
    text = browser.driver.find_element(By.TAG_NAME, "body").text
    assert "Predict rows" in text
    assert "JavaScript" in text
    assert browser.errors() == []
    check_hosts(browser, live)


@pytest.mark.parametrize("path", ["/docs/errors", "/docs/errors/invalid_rows"])
def test_the_error_pages_render(browser: Browser, live: Running, path: str) -> None:
    browser.driver.get(f"http://127.0.0.1:{live.port}{path}")
    browser.wait("h1")
    browser.shot(path.strip("/").replace("/", "-"))
    assert browser.errors() == []
    check_hosts(browser, live)


def test_a_link_in_the_documentation_leads_to_the_error_pages(browser: Browser, live: Running) -> None:
    browser.driver.get(f"http://127.0.0.1:{live.port}/docs")
    [link, *_] = browser.wait(".info a[href='docs/errors']")
    assert link.get_property("href") == f"http://127.0.0.1:{live.port}/docs/errors"

#!/usr/bin/env python3
"""Uses Horizon in a headless Chromium as a person would, and keeps a picture of each step.

browse.py URL FOLDER: logs in with OS_USERNAME and OS_PASSWORD, looks at panels, launches a server from the image
tiny-guest, waits until the dashboard shows it Active, looks at it, deletes it. Prints one line for each check.
"""
import os
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as EC
from selenium.webdriver.support.wait import WebDriverWait

SERVER = "from-the-dashboard"
# Horizon 27 fails on a catalogue of definitions without entries, also with Glance's; the page does without it.
KNOWN = "/api/glance/metadefs/namespaces/"
# Panels of services that this cloud has; each must show its table or view and no error.
PANELS = [
    "project/", "project/api_access/", "project/images", "project/key_pairs", "project/server_groups",
    "project/networks/", "project/security_groups/", "project/network_topology/",
    "admin/", "admin/hypervisors/", "admin/aggregates/", "admin/instances/", "admin/flavors/", "admin/images",
    "admin/networks/", "admin/info/", "admin/defaults/",
    "identity/", "identity/users/", "identity/roles/", "identity/groups/", "identity/application_credentials/",
]


class Dashboard:
    """A browser on one Horizon; the check that fails ends with a picture of what it saw."""

    def __init__(self, url, folder):
        self.url = url
        self.folder = folder
        self.pictures = 0
        self.failed = 0
        options = webdriver.ChromeOptions()
        # Chromium's sandbox does not run as root, its shared memory does not fit into a container's /dev/shm.
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,1000",
                     "--disable-gpu", "--no-proxy-server"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "SEVERE"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(120)
        self.driver.set_script_timeout(60)

    def check(self, name, body):
        """Runs one step: a failure counts and shows where, and the next step goes on."""
        start = time.monotonic()
        try:
            body()
        except (AssertionError, WebDriverException) as error:
            self.failed += 1
            print(f"NOT OK  {name}", flush=True)
            lines = str(error).strip().splitlines() or [type(error).__name__]
            for line in [self.driver.current_url, *lines[:8]]:
                print(f"        | {line}", flush=True)
            self.picture("failed-" + name)
            return False
        print(f"ok      {name} ({time.monotonic() - start:.1f} s)", flush=True)
        return True

    def picture(self, name):
        self.pictures += 1
        name = "".join(c if c.isalnum() else "-" for c in name.lower()).strip("-")
        self.driver.save_screenshot(f"{self.folder}/{self.pictures:02d}-{name}.png")

    def wait(self, condition, seconds=60, what=""):
        """Until the condition gives something; a page may change under it meanwhile."""
        return WebDriverWait(self.driver, seconds, 0.2, [StaleElementReferenceException]).until(condition, what)

    def find(self, selector, seconds=60):
        place = (By.XPATH if selector.startswith((".//", "//")) else By.CSS_SELECTOR, selector)
        return self.wait(EC.visibility_of_element_located(place), seconds, f"{selector} does not show")

    def click(self, selector, seconds=60):
        place = (By.XPATH if selector.startswith((".//", "//")) else By.CSS_SELECTOR, selector)
        self.wait(EC.element_to_be_clickable(place), seconds, f"{selector} cannot be clicked").click()

    def settled(self):
        """No request of the page is under way, none failed, and it shows no error."""
        self.wait(lambda d: d.execute_script(
            "return document.readyState === 'complete' && (!window.jQuery || jQuery.active === 0)"
            " && (!window.angular || !angular.element(document.body).injector()"
            " || angular.element(document.body).injector().get('$http').pendingRequests.length === 0)"),
            60, "the page does not settle")
        errors = [e.text for e in self.driver.find_elements(By.CSS_SELECTOR, ".alert-danger") if e.text.strip()]
        assert not errors, f"the page shows: {errors}"
        failed = self.driver.execute_script(
            "return performance.getEntries().filter(e => e.responseStatus >= 400)"
            ".map(e => e.responseStatus + ' ' + e.name)")
        failed = [line for line in failed if KNOWN not in line]
        assert not failed, f"requests of the page failed: {failed}"

    def open(self, path):
        self.driver.get(f"{self.url}/{path}")
        self.settled()
        assert "Login" not in self.driver.title, "the session is over"

    def login(self):
        self.driver.get(f"{self.url}/auth/login/")
        self.find("#id_username").send_keys(os.environ["OS_USERNAME"])
        self.find("#id_password").send_keys(os.environ["OS_PASSWORD"])
        self.picture("login")
        self.click("#loginBtn, button.btn-primary[type=submit]")
        self.wait(lambda d: "/auth/login" not in d.current_url, 60, "the login page stays")

    def instances(self, picture):
        self.open("project/instances/")
        self.find("table#instances")
        self.picture(picture)

    def row(self, name=SERVER):
        return self.driver.find_elements(By.CSS_SELECTOR, f"table#instances tr[data-display='{name}']")

    def take(self, step, form, label):
        """Chooses a line of one of the wizard's tables, and sees it among the allocated ones."""
        self.click(f"//wizard//div[contains(@class, 'wizard-nav')]//a[normalize-space()='{step}']")
        table = f"//ng-include[@ng-form='{form}']"
        chosen = f"{table}//tr[.//*[normalize-space()='{label}']]//*[contains(@class, 'fa-arrow-down')]"
        # A network that is the only one is taken already.
        if self.driver.find_elements(By.XPATH, chosen):
            return
        line = f"{table}//tr[.//*[normalize-space()='{label}']]//*[contains(@class, 'fa-arrow-up')]"
        self.click(line)
        self.find(chosen)

    def launch(self):
        self.instances("before")
        self.click("#instances__action_launch-ng")
        # The wizard replaces what is typed before it has its data.
        self.settled()
        self.find("//wizard//*[@id='name']").send_keys(SERVER)
        self.picture("launch-details")
        self.take("Source", "launchInstanceSourceForm", "tiny-guest")
        self.settled()
        self.picture("launch-source")
        self.take("Flavor", "launchInstanceFlavorForm", "m1.tiny")
        self.picture("launch-flavor")
        self.take("Networks", "launchInstanceNetworkForm", "default")
        self.picture("launch-networks")
        self.click("wizard button.btn-primary.finish")
        self.wait(lambda d: not d.find_elements(By.CSS_SELECTOR, "wizard"), 60, "the wizard stays")

    def active(self):
        """Without a reload: the dashboard asks by itself until the server is there."""
        def is_active(_):
            rows = self.row()
            return rows and "Active" in rows[0].text and "Running" in rows[0].text
        self.wait(lambda _: self.row(), 60, "the server is not in the list")
        self.picture("launched")
        self.wait(is_active, 120, "the server does not become Active")
        self.settled()
        self.picture("active")

    def look(self):
        self.row()[0].find_element(By.CSS_SELECTOR, "td a").click()
        self.wait(lambda d: "/project/instances/" in d.current_url and d.current_url.count("-") >= 4)
        self.settled()
        assert SERVER in self.find("dl").text
        self.picture("details")
        for tab in ("Interfaces", "Log", "Action Log"):
            self.click(f"//ul[contains(@class, 'nav-tabs')]//a[normalize-space()='{tab}']")
            self.settled()
            self.picture(f"tab-{tab}")

    def act(self, name, label, state, is_dangerous=True):
        """An action of the row, and the state that follows; what it offers first has a button, the rest a menu."""
        self.open("project/instances/")
        cell = f"//table[@id='instances']//tr[@data-display='{SERVER}']//td[contains(@class, 'actions_column')]"
        action = f"{cell}//*[self::a or self::button][normalize-space()='{label}']"
        if not self.driver.find_element(By.XPATH, action).is_displayed():
            self.click(f"{cell}//*[contains(@class, 'dropdown-toggle')]")
        self.click(action)
        if is_dangerous:
            self.find(".modal-dialog .btn-danger")
            self.picture(f"{name}-confirm")
            self.click(".modal-dialog .btn-danger")
        if state:
            self.wait(lambda _: self.row() and state in self.row()[0].text, 120, f"the server is not {state}")
        else:
            self.wait(lambda _: not self.row(), 120, "the server stays")
        self.settled()
        self.picture(name)


def main():
    dashboard = Dashboard(sys.argv[1].rstrip("/"), sys.argv[2])
    try:
        if not dashboard.check("logs in", dashboard.login):
            return 1
        for path in PANELS:
            if dashboard.check(f"panel {path}", lambda: dashboard.open(path)):
                dashboard.picture(f"panel-{path}")
        launched = dashboard.check("launches a server", dashboard.launch) and dashboard.check(
            "sees it Active", dashboard.active)
        if launched:
            dashboard.check("looks at it", dashboard.look)
            dashboard.check("shuts it off", lambda: dashboard.act("shut off", "Shut Off Instance", "Shutoff"))
            dashboard.check("starts it", lambda: dashboard.act("start", "Start Instance", "Active", False))
            dashboard.check("deletes it", lambda: dashboard.act("delete", "Delete Instance", None))
    finally:
        dashboard.driver.quit()
    return 1 if dashboard.failed else 0


if __name__ == "__main__":
    sys.exit(main())

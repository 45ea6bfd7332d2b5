import NovaConfig
import NovaCore
import Testing

private let host = Option("DEFAULT", "host", default: "here", help: "Name.")
private let debug = Option("DEFAULT", "debug", default: false, help: "More.")
private let workers = Option("conductor", "max_workflows", default: 4, help: "Count.", in: 1...256)
private let ratio = Option("DEFAULT", "cpu_allocation_ratio", default: 4.0, help: "Ratio.")
private let endpoints = Option("queue", "endpoint", default: ["tcp://a"], help: "Brokers.")
private let password = Option("identity", "admin_password", default: "", help: "Password.", secret: true)
private let zone = Option<String?>("DEFAULT", "default_schedule_zone", default: nil, help: "Zone.")
private let mode = Option("libvirt", "virt_type", default: "kvm", help: "Type.", oneOf: ["kvm", "qemu"])
private let known: [any OptionDeclaration] = [host, debug, workers, ratio, endpoints, password, zone, mode]

@Suite struct ConfigurationTests {
    private func load(_ text: String, _ overrides: [String] = []) throws -> Configuration {
        try Configuration.load(files: [IniFile(text: text, path: "nova.conf")], overrides: overrides, known: known)
    }

    private func refusal(_ text: String, _ overrides: [String] = []) -> String {
        do {
            _ = try load(text, overrides)
            return "accepted"
        } catch { return NovaError(error).message }
    }

    @Test func hasDefaults() throws {
        let config = try load("")
        #expect(config[host] == "here")
        #expect(config[workers] == 4)
        #expect(config[zone] == nil)
        #expect(!config.isSet(host))
        #expect(Configuration()[endpoints] == ["tcp://a"])
    }

    @Test func readsEveryType() throws {
        let config = try load(
            """
            [DEFAULT]
            host = node
            debug = Yes
            cpu-allocation-ratio = 1.5
            default_schedule_zone = az1
            [conductor]
            max_workflows = 8
            [queue]
            endpoint = tcp://b, tcp://c
            endpoint = tcp://d
            """)
        #expect(config[host] == "node")
        #expect(config[debug])
        #expect(config[ratio] == 1.5)
        #expect(config[zone] == "az1")
        #expect(config[workers] == 8)
        #expect(config[endpoints] == ["tcp://b", "tcp://c", "tcp://d"])
        #expect(config.isSet(workers))
    }

    @Test func laterFilesAndOverridesWin() throws {
        let files = try [
            IniFile(text: "[DEFAULT]\nhost = a\n", path: "1"), IniFile(text: "[DEFAULT]\nhost = b\n", path: "2"),
        ]
        #expect(try Configuration.load(files: files, known: known)[host] == "b")
        let overridden = try Configuration.load(
            files: files, overrides: ["DEFAULT.host=c=d", "queue.endpoint=tcp://x"], known: known)
        #expect(overridden[host] == "c=d")
        #expect(overridden[endpoints] == ["tcp://x"])
    }

    @Test func anOverrideReplacesTheListOfAFile() throws {
        let config = try load(
            "[queue]\nendpoint = tcp://b\n", ["queue.endpoint=tcp://c", "queue.endpoint=tcp://d"])
        #expect(config[endpoints] == ["tcp://c", "tcp://d"])
    }

    @Test func suggestsNames() {
        #expect(
            refusal("[DEFAULT]\ndebgu = true\n")
                == "nova.conf:2: unknown option debgu in section [DEFAULT]; did you mean debug?")
        #expect(refusal("[queue]\nendpont = x\n").hasSuffix("[queue]; did you mean endpoint?"))
        #expect(refusal("[quue]\nendpoint = x\n").hasSuffix("unknown section [quue]; did you mean [queue]?"))
        #expect(
            refusal("", ["conductor.max_workfows=1"])
                == "--set conductor.max_workfows: unknown option max_workfows in section [conductor]; "
                + "did you mean max_workflows?")
        #expect(refusal("[DEFAULT]\nendpoint = x\n").hasSuffix("endpoint belongs into section [queue]"))
    }

    @Test func namesFileLineAndType() {
        #expect(
            refusal("[conductor]\n\nmax_workflows = many\n")
                == "nova.conf:3: [conductor] max_workflows must be a whole number, 1 to 256, not \"many\"")
        #expect(refusal("[conductor]\nmax_workflows = 0\n").contains("1 to 256"))
        #expect(refusal("[DEFAULT]\ndebug = maybe\n").contains("must be a boolean (true or false)"))
        #expect(refusal("[libvirt]\nvirt_type = xen\n").contains("must be one of kvm, qemu, not \"xen\""))
        #expect(refusal("", ["nonsense"]).hasPrefix("--set nonsense: expected section.name=value"))
    }

    @Test func listsAllMistakesAtOnce() {
        let text = refusal("[DEFAULT]\ndebgu = 1\ndebug = 2\n[conductor]\nmax_workflows = x\n")
        #expect(text.split(separator: "\n").count == 3)
    }

    @Test func collectsOriginalOptionsIntoOneWarning() throws {
        let config = try load(
            """
            [DEFAULT]
            transport_url = rabbit://x
            compute_driver = libvirt.LibvirtDriver
            [keystone_authtoken]
            auth_url = http://x
            [cinder]
            http_retries = 1
            """)
        #expect(config.warnings.count == 1)
        let warning = config.warnings.first ?? ""
        for name in [
            "[DEFAULT] transport_url", "[DEFAULT] compute_driver", "[keystone_authtoken] auth_url",
            "[cinder] http_retries",
        ] { #expect(warning.contains(name)) }
        #expect(try load("[DEFAULT]\nhost = x\n").warnings.isEmpty)
    }

    @Test func masksSecretsInDumpsAndErrors() throws {
        let config = try load("[identity]\nadmin_password = hunter2\n[DEFAULT]\nhost = n\n")
        let dump = config.dump()
        #expect(config[password] == "hunter2")
        #expect(!dump.contains("hunter2"))
        #expect(dump.contains("# nova.conf:2\nadmin_password = ***\n"))
        #expect(dump.contains("# nova.conf:4\nhost = n\n"))
        #expect(dump.contains("# default\nmax_workflows = 4\n"))
        #expect(dump.hasPrefix("[DEFAULT]\n"))
        let number = Option("identity", "pin", default: 1, help: "Pin.", secret: true)
        #expect(throws: NovaError(.badRequest, "f:2: [identity] pin must be a whole number, not \"***\"")) {
            try Configuration.load(files: [IniFile(text: "[identity]\npin = abc\n", path: "f")], known: [number])
        }
    }

    @Test func setsValuesInPrograms() {
        #expect(Configuration().setting(host, to: "x")[host] == "x")
    }

    @Test func referenceShowsDefaults() {
        let text = Configuration.reference(known)
        #expect(text.contains("  max_workflows (whole number) [default: 4]\n      Count.\n"))
    }

    @Test(arguments: [("abc", "abc", 0), ("abc", "acb", 1), ("abc", "", 3), ("kitten", "sitting", 3)])
    func measuresDistance(a: String, b: String, expected: Int) {
        #expect(Suggestion.distance(a, b) == expected)
        #expect(Suggestion.distance(b, a) == expected)
    }
}

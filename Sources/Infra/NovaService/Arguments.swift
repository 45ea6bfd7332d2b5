import NovaCore

/// The command line of a daemon.
struct Arguments: Equatable {
    var configFiles: [String] = []
    /// `section.name=value`, later ones win.
    var overrides: [String] = []
    var dumpConfig = false
    var sampleConfig = false
    var help = false
    var version = false

    init(_ words: [String]) throws {
        var rest = words[...]
        func value(of option: String, _ attached: String?) throws -> String {
            if let attached { return attached }
            guard let next = rest.popFirst() else {
                throw NovaError(.badRequest, "\(option) needs a value. See --help.")
            }
            return next
        }
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            let attached = word.hasPrefix("--") && parts.count == 2 ? parts[1] : nil
            switch attached == nil ? word : parts[0] {
            case "--config-file": configFiles.append(try value(of: "--config-file", attached))
            case "--set": overrides.append(try value(of: "--set", attached))
            case "--metrics-port": overrides.append("monitoring.port=" + (try value(of: "--metrics-port", attached)))
            case "--log-file": overrides.append("DEFAULT.log_file=" + (try value(of: "--log-file", attached)))
            case "--debug" where attached == nil: overrides.append("DEFAULT.debug=true")
            case "--dump-config" where attached == nil: dumpConfig = true
            case "--sample-config" where attached == nil: sampleConfig = true
            case "--help" where attached == nil, "-h": help = true
            case "--version" where attached == nil: version = true
            default: throw NovaError(.badRequest, "Unknown argument \(word). See --help.")
            }
        }
    }

    static func usage(_ program: String) -> String {
        """
        Usage: \(program) [--config-file FILE]... [--set SECTION.NAME=VALUE]...

          --config-file FILE        Read options from FILE (repeatable, later files win).
                                    Without it /etc/nova/nova.conf is read when it exists.
          --set SECTION.NAME=VALUE  Set one option (repeatable, wins over files).
          --metrics-port PORT       Port of /metrics, /healthz and /readyz (0 = any free port).
          --log-file FILE           Append the log to FILE instead of standard error.
          --debug                   Log at debug level.
          --dump-config             Print the effective configuration, secrets masked, and exit.
          --sample-config           Print a configuration file with every option at its default, and exit.
          --version                 Print the version and exit.
          --help                    Print this text and the options, and exit.

        Exit codes: 0 stopped by a signal, 1 failed, 2 wrong configuration.

        """
    }
}

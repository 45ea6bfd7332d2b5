public import Logging
public import NovaConfig
import NovaCore
public import NovaHTTP
public import NovaRPC
import NovaService

/// What checks tokens for a service; run ``run()`` beside it.
public protocol ServiceAuthenticator: Authenticator {
    /// Keeps up to date what it knows, until the task is cancelled.
    func run() async
}

extension TokenAuthenticator: ServiceAuthenticator {}

/// Chooses who checks tokens.
public enum ServiceAuthentication {
    /// A Keystone of somebody else when the configuration names one, else nova-identity.
    ///
    /// - Throws: what the subscription to revocations throws. Neither need be there yet.
    public static func connect(
        _ config: Configuration, bus: RPCBus, log: Logger
    ) async throws -> any ServiceAuthenticator {
        let url = config[KeystoneOptions.authURL]
        guard !url.isEmpty else { return try await TokenAuthenticator.connect(bus: bus, log: log) }
        let seconds = config[KeystoneOptions.cacheTime]
        let user = KeystoneLogin.Settings(
            config, KeystoneOptions.login, url: url, timeout: .seconds(config[KeystoneOptions.timeout]))
        return KeystoneAuthenticator(.init(user, cacheTime: .seconds(max(0, seconds))), log: log)
    }
}

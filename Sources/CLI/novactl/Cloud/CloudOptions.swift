import ArgumentParser

/// Which cloud a user's command talks to.
struct CloudOptions: ParsableArguments {
    @ArgumentParser.Option(help: "A cloud of clouds.yaml (default: OS_CLOUD, else OS_* variables).")
    var osCloud: String?

    /// Signs in, runs the body, and closes the connections.
    func with(_ body: (CloudSession) async throws -> Void) async throws {
        let session = try await CloudSession(CloudSettings(cloud: osCloud))
        do {
            try await body(session)
        } catch {
            await session.close()
            throw error
        }
        await session.close()
    }
}

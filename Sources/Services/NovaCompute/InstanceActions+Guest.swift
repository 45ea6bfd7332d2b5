import NovaCore
import NovaInterfaces
import NovaModel
import NovaWire
import VirtDriver

// What is asked about guests, and of agents in them, outside of workflows.
extension InstanceActions {
    /// What the hypervisor counts.
    func diagnostics(_ request: ComputeDiagnostics) async throws -> InstanceDiagnostics {
        try await able(driver as? any DiagnosticsDriver, to: "count the use of").diagnostics(request.serverID)
    }

    /// Sets the administrator's password.
    func setPassword(_ request: ComputeSetPassword) async throws -> Nothing {
        try await able(driver as? any PasswordDriver, to: "set the password of")
            .setPassword(request.serverID, request.password)
        return Nothing()
    }
}

import NovaCore

// Places where tests make the system die, fail or be slow. A release build has none of it: the functions are empty,
// and the names of the points are never made.

/// The places where faults may be injected.
///
/// A point has a name such as `workflow.build.network.run.before`, and a subject: the server, host or file that it is
/// about. Which faults there are is said by ``FaultPlan``.
public enum Faults {
    /// A place in asynchronous code.
    #if DEBUG
    public static func point(
        _ name: @autoclosure () -> String, _ subject: @autoclosure () -> String = ""
    ) async throws {
        guard FaultPlan.shared.isActive else { return }
        try await FaultPlan.shared.reach(name(), subject())
    }
    #else
    @inlinable
    public static func point(
        _ name: @autoclosure () -> String, _ subject: @autoclosure () -> String = ""
    ) async throws {}
    #endif

    /// A place on a thread of its own, where nothing can be waited for but by standing still.
    #if DEBUG
    public static func blockingPoint(
        _ name: @autoclosure () -> String, _ subject: @autoclosure () -> String = ""
    ) throws {
        guard FaultPlan.shared.isActive else { return }
        try FaultPlan.shared.reachBlocking(name(), subject())
    }
    #else
    @inlinable
    public static func blockingPoint(
        _ name: @autoclosure () -> String, _ subject: @autoclosure () -> String = ""
    ) throws {}
    #endif

    /// Takes the faults of a configuration: `POINT=die`, `POINT=fail:CODE`, `POINT=slow:MILLISECONDS`, each with
    /// `@COUNT` behind it unless it is for always.
    ///
    /// A release build refuses any.
    /// - Throws: ``NovaError`` `badRequest` for a text that is no fault.
    public static func configure(_ texts: [String]) throws {
        #if DEBUG
        for text in texts { FaultPlan.shared.add(try FaultRule(text)) }
        #else
        guard texts.isEmpty else {
            throw NovaError(.badRequest, "Faults can be injected in debug builds only.")
        }
        #endif
    }
}

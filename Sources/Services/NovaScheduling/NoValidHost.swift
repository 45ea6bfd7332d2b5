public import NovaCore
public import NovaModel

/// The error of a decision without a host: users get Nova's words, operators the counts per filter.
public enum NoValidHost {
    /// Builds it from an explanation.
    public static func error(_ explanation: SchedulingExplanation) -> NovaError {
        NovaError(.noValidHost, "No valid host was found.", details: summary(explanation))
    }

    /// `3 hosts considered; ComputeFilter: 3 -> 2 (node1: disabled); RamFilter: 2 -> 0 (…); 1 claim refused: node3`.
    public static func summary(_ explanation: SchedulingExplanation) -> String {
        var parts = ["\(explanation.hostsConsidered) hosts considered"]
        for step in explanation.eliminations where step.hostsAfter < step.hostsBefore {
            let hosts = step.removed.sorted { $0.key < $1.key }.prefix(3).map { "\($0.key): \($0.value)" }
            parts.append("\(step.filter): \(step.hostsBefore) -> \(step.hostsAfter) (\(hosts.joined(separator: ", ")))")
        }
        if !explanation.claimConflicts.isEmpty {
            let hosts = explanation.claimConflicts.prefix(5).joined(separator: ", ")
            parts.append("\(explanation.claimConflicts.count) claims refused: \(hosts)")
        }
        return parts.joined(separator: "; ")
    }
}

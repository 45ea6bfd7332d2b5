import NovaCore

/// All cases: made from the steps that the workflows declare.
enum CrashMatrix {
    static func cases(steps: [String: [String]]) -> [CrashCase] {
        UserAction.allCases.flatMap { action in
            let names = steps[action.kind] ?? []
            return forward(action, names) + backward(action, names) + compute(action)
        }
    }

    private static func forward(_ action: UserAction, _ steps: [String]) -> [CrashCase] {
        let final = finalSteps(action, steps)
        return steps.flatMap { step -> [CrashCase] in
            func at(_ place: String, _ disturbance: Disturbance, _ outcome: CrashCase.Outcome = .succeeds) -> CrashCase
            {
                CrashCase(
                    action: action, point: "workflow.\(action.kind).\(step).\(place)", disturbance: disturbance,
                    outcome: outcome)
            }
            let places = ["run.before", "run.after", "commit.before", "commit.after"]
            var cases = places.flatMap { place in
                [
                    at(place, .conductorKilled), at(place, .conductorFrozen), at(place, .computeKilled),
                    at(place, .brokerKilled),
                ]
            }
            // The step is repeated after it was done, once and again; it fails before it begins.
            for times in [1, 3] { cases.append(at("run.after", .fails(.timeout, times: times))) }
            for code in [NovaError.Code.unavailable, .noConsumer, .workerLost] {
                cases.append(at("run.before", .fails(code, times: 2)))
            }
            // A deletion never gives up, nor does what has no way back.
            for place in ["run.before", "run.after"] {
                if final.contains(step) {
                    cases.append(at(place, .fails(.internal, times: 3)))
                } else {
                    cases.append(at(place, .fails(.badRequest, times: 1), .fails))
                    if step == "build" { cases.append(at(place, .fails(.hypervisor, times: 1))) }
                }
            }
            for database in ["nova", "placement", "network"] {
                for times in [1, 4] { cases.append(at("run.before", .databaseLost(database, times: times))) }
            }
            for times in [1, 4] { cases.append(at("commit.before", .databaseLost("nova", times: times))) }
            return cases
        }
    }

    /// The steps that cannot fail for good.
    private static func finalSteps(_ action: UserAction, _ steps: [String]) -> Set<String> {
        Set(action.mustFinishFrom.flatMap { steps.firstIndex(of: $0) }.map { steps[$0...] } ?? [])
    }

    /// The undoing of each step of a workflow whose last step that may fail has failed for good.
    private static func backward(_ action: UserAction, _ steps: [String]) -> [CrashCase] {
        let final = finalSteps(action, steps)
        let steps = steps.filter { !final.contains($0) }
        guard let last = steps.last else { return [] }
        return steps.flatMap { step in
            ["undo.before", "undo.after"].flatMap { place in action.failurePlaces.map { (place, $0) } }.flatMap {
                place, failure -> [CrashCase] in
                let disturbances: [Disturbance] = [
                    .conductorKilled, .conductorFrozen, .computeKilled, .brokerKilled, .fails(.unavailable, times: 2),
                    // Three times for good, and more than the patience lasts: the cleanup is owed, and paid later.
                    .fails(.internal, times: 3), .fails(.badRequest, times: 5), .databaseLost("nova", times: 2),
                ]
                return disturbances.map {
                    CrashCase(
                        action: action, point: "workflow.\(action.kind).\(step).\(place)", disturbance: $0,
                        outcome: .fails, failsAt: "workflow.\(action.kind).\(last).\(failure)")
                }
            }
        }
    }

    /// On the compute host: before the work, after it, and after its outcome was written down.
    private static func compute(_ action: UserAction) -> [CrashCase] {
        let places = action.computeMethods.flatMap { method in
            ["before", "after", "recorded"].map { (method, $0) }
        }
        return places.flatMap { method, place in
            // Once it is written down, the step that is repeated is answered without coming there again.
            let times = place == "recorded" ? 1 : 2
            return [Disturbance.computeKilled, .brokerKilled, .conductorKilled, .fails(.unavailable, times: times)].map
            {
                CrashCase(action: action, point: "compute.\(method).\(place)", disturbance: $0)
            }
        }
    }
}

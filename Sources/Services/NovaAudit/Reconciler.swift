/// Looks for one sort of drift: a pure decision over a picture of the cloud.
public struct Reconciler: Sendable {
    /// As operators see it: "ports".
    public let name: String
    /// What it compares, for operators.
    public let task: String
    /// The parts of the picture without which it cannot decide.
    public let needs: Set<CloudPicture.Part>
    /// What is there and should not be, or is not and should.
    public let decide: @Sendable (CloudPicture) -> [Drift]

    init(
        _ name: String, _ task: String, needs: Set<CloudPicture.Part>,
        decide: @escaping @Sendable (CloudPicture) -> [Drift]
    ) {
        self.name = name
        self.task = task
        self.needs = needs
        self.decide = decide
    }

    /// All of them, in the order in which they run; each has a file in `Reconcilers`.
    public static let all: [Reconciler] = [
        .tasks, .workflows, .power, .instances, .disks, .images, .allocations, .claims, .usage, .ports, .services,
    ]
}

public import NovaWire

/// Why servers are moved off a host, or to it.
public enum DrainPurpose: String, WireEnum {
    /// The host is to be empty, for maintenance.
    case drain
    /// The host is off: its servers are made anew elsewhere.
    case evacuate
    /// The servers that were moved off the host come back to it.
    case giveBack = "return"
}

/// How a server leaves its host.
public enum MoveWay: String, WireEnum {
    /// While it runs.
    case live
    /// Stopped, with the disks sent after it, and confirmed by itself.
    case cold
    /// Made anew from its image.
    case evacuate
}

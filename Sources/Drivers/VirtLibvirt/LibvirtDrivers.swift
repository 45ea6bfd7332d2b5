public import Logging
public import VirtDriver

/// The drivers over libvirt.
public enum LibvirtDrivers {
    /// The driver of a kind of guest: containers for `lxc`, virtual machines for all others.
    public static func make(_ context: VirtDriverContext, options: LibvirtOptions, log: Logger) -> any VirtDriver {
        options.virtType == "lxc"
            ? LXCDriver(context, options: options, log: log) : LibvirtDriver(context, options: options, log: log)
    }
}

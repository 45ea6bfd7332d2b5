import NovaCore
import NovaModel
import NovaStore
import NovaWorkflow

/// What Nova's notifications call the workflows (`spec/states.md`, "Versioned notification actions").
enum NotificationName {
    /// `instance.create.end`.
    static func eventType(_ event: WorkflowEvent) -> String {
        "instance.\(action(event.workflow.action)).\(event.phase.rawValue)"
    }

    /// The name of an action in notifications.
    ///
    /// - Parameter action: its name among a server's actions.
    static func action(_ action: String) -> String {
        switch action {
        case "start": "power_on"
        case "stop": "power_off"
        case "createImage", "createBackup": "snapshot"
        case "migrate": "resize"
        case "confirmResize": "resize_confirm"
        case "revertResize": "resize_revert"
        case "attach_interface": "interface_attach"
        case "detach_interface": "interface_detach"
        case "attach_volume": "volume_attach"
        case "detach_volume": "volume_detach"
        case "swap_volume": "volume_swap"
        case "live-migration": "live_migration"
        default: snakeCase(action)
        }
    }

    /// `softDelete` as `soft_delete`.
    private static func snakeCase(_ word: String) -> String {
        word.reduce(into: "") { text, character in
            if character.isUppercase { text += "_" + character.lowercased() } else { text.append(character) }
        }
    }
}

import Logging
import NovaCore

/// One log event as one line of bytes.
struct LogLine {
    var time: Timestamp
    var level: Logger.Level
    var program: String
    var label: String
    var message: String
    /// Name and value, sorted.
    var fields: [(String, String)]
    var request: RequestContext?

    func bytes(_ format: LogSettings.Format) -> [UInt8] {
        var text = format == .json ? json : plain
        text += "\n"
        return Array(text.utf8)
    }

    /// The form for people: time, level, program, logger, request, message, fields.
    private var plain: String {
        var text = ""
        text.reserveCapacity(384)
        text += "\(time) \(level.rawValue.uppercased()) "
        text += program
        if label != program { text += "/\(label)" }
        if let request {
            let user = request.userID.text.isEmpty ? "-" : request.userID.text
            let project = request.projectID.text.isEmpty ? "-" : request.projectID.text
            text += " [\(Self.visible(request.requestID)) \(Self.visible(user)) \(Self.visible(project))] "
        } else {
            text += " [-] "
        }
        text += Self.visible(message)
        for (name, value) in fields {
            let shown = Self.visible(value)
            let quoted = shown.isEmpty || shown.utf8.contains { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\"") }
            text += " "
            text += name
            text += "="
            text += quoted ? Self.quoted(value) : shown
        }
        return text
    }

    private var json: String {
        var text = "{\"time\":\"\(time)\",\"level\":\"\(level.rawValue)\",\"program\":\(Self.quoted(program))"
        text += ",\"logger\":\(Self.quoted(label)),\"message\":\(Self.quoted(message))"
        if let request {
            text += ",\"request_id\":\(Self.quoted(request.requestID))"
            if !request.userID.text.isEmpty { text += ",\"user_id\":\(Self.quoted(request.userID.text))" }
            if !request.projectID.text.isEmpty { text += ",\"project_id\":\(Self.quoted(request.projectID.text))" }
        }
        if !fields.isEmpty {
            let members = fields.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }
            text += ",\"fields\":{\(members.joined(separator: ","))}"
        }
        return text + "}"
    }

    /// Control characters made visible, so that an event never spans lines or steers a terminal.
    private static func visible(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 32 || $0 == 127 }) else { return text }
        var result = ""
        for character in text.unicodeScalars { append(character, to: &result) }
        return result
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default: append(character, to: &result)
            }
        }
        return result + "\""
    }

    private static func append(_ character: Unicode.Scalar, to text: inout String) {
        switch character.value {
        case 10: text += "\\n"
        case 13: text += "\\r"
        case 9: text += "\\t"
        case 0..<32, 127:
            let digits = String(character.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: text.unicodeScalars.append(character)
        }
    }
}

import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema

/// Security groups in Compute API bodies.
struct SecurityGroupView {
    /// The groups by id, for rules that name one.
    private let groups: [SecurityGroupID: SecurityGroup]

    init(_ groups: [SecurityGroup]) {
        self.groups = Dictionary(groups.map { ($0.id, $0) }) { a, _ in a }
    }

    func answer(_ group: SecurityGroup) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.key("security_group")
                write(group, to: &writer)
            }
        }
    }

    func answer(_ groups: [SecurityGroup]) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.field(
                    "security_groups", array: { writer in for group in groups { write(group, to: &writer) } })
            }
        }
    }

    func answer(_ rule: SecurityGroupRule, of group: SecurityGroup) -> APIResponse {
        .written(200) { writer in
            writer.object { writer in
                writer.key("security_group_rule")
                write(rule, of: group, to: &writer)
            }
        }
    }

    private func write(_ group: SecurityGroup, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", group.id.description)
            writer.field("name", group.name)
            writer.field("description", group.text)
            writer.field("tenant_id", group.projectID.text)
            writer.field(
                "rules", array: { writer in for rule in group.rules { write(rule, of: group, to: &writer) } })
        }
    }

    private func write(_ rule: SecurityGroupRule, of group: SecurityGroup, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("id", rule.id.description)
            writer.field("parent_group_id", group.id.description)
            writer.field("ip_protocol", rule.ipProtocol)
            writer.field("from_port", rule.fromPort)
            writer.field("to_port", rule.toPort)
            writer.field(
                "group",
                object: { writer in
                    guard let id = rule.groupID else { return }
                    let other = id == group.id ? group : groups[id]
                    writer.field("name", other?.name ?? "")
                    writer.field("tenant_id", (other ?? group).projectID.text)
                })
            writer.field("ip_range", object: { if let cidr = rule.cidr { $0.field("cidr", cidr) } })
        }
    }
}

/// Reads rules of requests.
enum SecurityGroupRules {
    /// - Throws: `badRequest` for what is no rule.
    static func parse(_ body: JSONValue) throws -> SecurityGroupRule {
        var rule = SecurityGroupRule()
        if let text = body["group_id"]?.stringValue {
            guard let id = SecurityGroupID(text) else {
                throw NovaError(.badRequest, "Security group id should be uuid")
            }
            rule.groupID = id
        }
        rule.cidr = rule.groupID == nil ? body["cidr"]?.stringValue ?? "0.0.0.0/0" : nil
        if let cidr = rule.cidr, !isRange(cidr) { throw NovaError(.badRequest, "Invalid cidr \(cidr).") }
        rule.ipProtocol = body["ip_protocol"]?.stringValue?.lowercased()
        rule.fromPort = try port(body["from_port"], "from_port")
        rule.toPort = try port(body["to_port"], "to_port")
        guard let name = rule.ipProtocol else {
            guard rule.groupID != nil else {
                throw NovaError(.badRequest, "Not enough parameters to build a valid rule.")
            }
            return rule
        }
        guard ["tcp", "udp", "icmp"].contains(name) else {
            throw NovaError(.badRequest, "Invalid IP protocol \(name).")
        }
        let (from, to) = (rule.fromPort ?? -1, rule.toPort ?? -1)
        let isValid =
            name == "icmp" ? from >= -1 && from <= 255 && to >= -1 && to <= 255 : from <= to && from >= 1 && to <= 65535
        guard isValid else {
            throw NovaError(
                .badRequest,
                "Invalid port range \(from):\(to). Valid \(name.uppercased()) ports should be between 1-65535")
        }
        return rule
    }

    private static func port(_ value: JSONValue?, _ name: String) throws -> Int64? {
        guard let value, !value.isNull else { return nil }
        guard let number = value.lenientInteger else {
            throw NovaError(.badRequest, "Invalid input for \(name): it is no number.")
        }
        return number
    }

    private static func isRange(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let bits = Int(parts[1]), bits >= 0 else { return false }
        return IPText.isV4(parts[0]) && bits <= 32 || IPText.isV6(parts[0]) && bits <= 128
    }

    /// Whether two rules let the same in.
    static func isSame(_ a: SecurityGroupRule, _ b: SecurityGroupRule) -> Bool {
        var other = b
        other.id = a.id
        return a == other
    }
}

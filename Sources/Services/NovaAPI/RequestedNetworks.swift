import NovaCore
import NovaHTTP
import NovaModel
import NovaSchema

/// `networks` of a create request (`spec/compute-api.md`, POST /servers).
enum RequestedNetworks {
    /// What the user asked for; `auto` where nothing was said, nothing for `none`.
    static func parse(_ value: JSONValue?, _ request: APIRequest) throws -> [RequestedNetwork] {
        guard let value else {
            guard !request.atLeast(37) else { throw NovaError(.badRequest, "'networks' is a required property") }
            return [RequestedNetwork(.auto)]
        }
        if let word = value.stringValue { return word == "none" ? [] : [RequestedNetwork(.auto)] }
        let entries = value.arrayValue ?? []
        guard !entries.isEmpty else { return [RequestedNetwork(.auto)] }
        var ports: Set<PortID> = []
        return try entries.map { entry in
            let fixedIP = entry["fixed_ip"]?.stringValue
            let tag = entry["tag"]?.stringValue
            if let text = entry["port"]?.stringValue {
                guard let port = PortID(text) else {
                    throw NovaError(.badRequest, "Bad networks format: port uuid is not in proper format (\(text))")
                }
                guard fixedIP == nil else {
                    throw NovaError(
                        .badRequest,
                        "Specified Fixed IP '\(fixedIP ?? "")' cannot be used with port '\(text)': "
                            + "the two cannot be specified together.")
                }
                guard ports.insert(port).inserted else {
                    throw NovaError(
                        .badRequest,
                        "Port ID '\(text)' was specified twice: you cannot attach a port multiple times.")
                }
                return RequestedNetwork(.port, port: port, tag: tag)
            }
            let text = entry["uuid"]?.stringValue ?? ""
            guard let network = NetworkID(text) else {
                throw NovaError(.badRequest, "Bad networks format: network uuid is not in proper format (\(text))")
            }
            return RequestedNetwork(.network, network: network, fixedIP: fixedIP, tag: tag)
        }
    }
}

import NovaHTTP
import NovaSchema

/// The bodies of server requests by microversion (`spec/compute-api.md`, "servers").
enum ServerSchemas {
    private static let metadataKey = StringRule.characters("^[a-zA-Z0-9-_:. ]{1,255}$") { character in
        character.isASCII
            && (character.properties.isAlphabetic || character.properties.numericType != nil
                || "-_:. ".unicodeScalars.contains(character))
    }
    static let metadata = JSONSchema.dictionary(keys: metadataKey, values: .string(min: 0, max: 255))
    private static let nullableUUID = JSONSchema.nullable(.uuid)

    static let create: [BodySchema] = {
        var network: [String: JSONSchema] = [
            "fixed_ip": .string(min: 1, max: 64), "port": nullableUUID, "uuid": .string,
        ]
        var server: [String: JSONSchema] = [
            "name": .name, "imageRef": .string(min: 0, max: 2048),
            "flavorRef": .anyOf([.string(min: 1, max: 2048), .integer(min: 0)]),
            "adminPass": .string(min: 0, max: 255), "metadata": metadata,
            "OS-DCF:diskConfig": .enumeration(["AUTO", "MANUAL"]),
            "accessIPv4": .string(min: 0, max: 64), "accessIPv6": .string(min: 0, max: 64), "personality": .array(.any),
            "availability_zone": .name, "config_drive": .boolean, "key_name": .name, "min_count": .integer(min: 1),
            "max_count": .integer(min: 1), "return_reservation_id": .boolean,
            "security_groups": .array(.object(properties: ["name": .name], additional: false)),
            "user_data": .nullable(.string(min: 0, max: 65535)), "block_device_mapping": .array(.any),
            "block_device_mapping_v2": .array(.any),
        ]
        func body(requiresNetworks: Bool) -> JSONSchema {
            let list = JSONSchema.array(.object(properties: network, additional: false))
            server["networks"] = requiresNetworks ? .anyOf([list, .enumeration(["none", "auto"])]) : list
            return .object(
                properties: [
                    "server": .object(
                        properties: server, required: ["name", "flavorRef"] + (requiresNetworks ? ["networks"] : []),
                        additional: false), "os:scheduler_hints": .anyObject, "OS-SCH-HNT:scheduler_hints": .anyObject,
                ], required: ["server"], additional: false)
        }
        var schemas = [BodySchema(since: Microversion(2, 1), body(requiresNetworks: false))]
        func since(_ minor: Int, _ change: () -> Void) {
            change()
            schemas.append(BodySchema(since: Microversion(2, minor), body(requiresNetworks: minor >= 37)))
        }
        since(19) { server["description"] = .nullable(.string(min: 0, max: 255)) }
        since(32) { network["tag"] = .string(min: 1, max: 60) }
        since(37) {
            network["uuid"] = .uuid; network["tag"] = nil
        }
        since(42) { network["tag"] = .string(min: 1, max: 60) }
        since(52) { server["tags"] = .array(.string(min: 1, max: 60), max: 50) }
        since(57) { server["personality"] = nil }
        since(63) {
            server["trusted_image_certificates"] = .nullable(.array(.string(min: 1), min: 1, max: 50, unique: true))
        }
        since(74) {
            server["host"] = .string(min: 1, max: 255)
            server["hypervisor_hostname"] = .string(min: 1, max: 255)
        }
        since(90) { server["hostname"] = .string(min: 2, max: 63) }
        since(94) { server["hostname"] = .string(min: 1, max: 255) }
        return schemas
    }()

    static let update: [BodySchema] = {
        var server: [String: JSONSchema] = [
            "name": .name, "OS-DCF:diskConfig": .enumeration(["AUTO", "MANUAL"]),
            "accessIPv4": .string(min: 0, max: 64),
            "accessIPv6": .string(min: 0, max: 64),
        ]
        func body() -> JSONSchema {
            .object(
                properties: ["server": .object(properties: server, additional: false)], required: ["server"],
                additional: false)
        }
        var schemas = [BodySchema(since: Microversion(2, 1), body())]
        server["description"] = .nullable(.string(min: 0, max: 255))
        schemas.append(BodySchema(since: Microversion(2, 19), body()))
        server["hostname"] = .string(min: 1, max: 255)
        schemas.append(BodySchema(since: Microversion(2, 90), body()))
        return schemas
    }()

    static func action(_ name: String, _ schema: JSONSchema) -> [BodySchema] {
        [BodySchema(.object(properties: [name: schema], required: [name], additional: false))]
    }
}

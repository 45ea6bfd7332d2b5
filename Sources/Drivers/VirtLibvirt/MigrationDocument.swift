import NovaCore
import NovaModel
import NovaXML

/// The description of a running guest as the host needs it that the guest goes to; a pure function.
///
/// The guest stays what it is. What belongs to its host changes: the mark, the folder of the instances, the taps.
struct MigrationDocument {
    /// The folder of the instances on the host that it leaves.
    var instancesPath: String
    var place: GuestPlace

    /// Rewrites a description that libvirt has given.
    ///
    /// - Throws: ``NovaError`` `malformed`; `internal` when the guest does not carry our mark.
    func rewritten(_ description: String) throws -> String {
        var root = try XMLReader.parse(description)
        var isMarked = false
        root.children = root.children.map { node in
            guard case .element(let element) = node else { return node }
            switch element.name {
            case "metadata": return .element(marked(element, &isMarked))
            case "devices": return .element(devices(element))
            case "vcpu":
                // Which CPUs guests may share is each host's own.
                var element = element
                element[attribute: "cpuset"] = nil
                return .element(element)
            default: return .element(moved(element))
            }
        }
        guard isMarked else {
            throw NovaError(
                .internal, "The guest does not carry this cloud's mark.", details: "no mark in its metadata")
        }
        return root.serialized()
    }

    private func marked(_ metadata: XMLElement, _ isMarked: inout Bool) -> XMLElement {
        mapped(metadata) { instance in
            let isOurs = instance.attributes.contains {
                $0.name.hasPrefix("xmlns") && $0.value == DomainMark.namespace
            }
            guard isOurs, localName(instance) == "instance" else { return instance }
            isMarked = true
            return mapped(instance) { child in
                guard localName(child) == "host" else { return child }
                var child = child
                child.children = [.text(place.hostID.description)]
                return child
            }
        }
    }

    private func devices(_ devices: XMLElement) -> XMLElement {
        mapped(devices) { device in
            var device = moved(device)
            switch device.name {
            case "disk":
                // The other hypervisor finds out itself on what the disk lies there.
                device.children.removeAll {
                    guard case .element(let child) = $0 else { return false }
                    return child.name == "backingStore" || child.name == "mirror"
                }
            case "interface":
                guard let mac = device.first("mac")?[attribute: "address"], let tap = place.taps[mac.lowercased()]
                else {
                    break
                }
                device = mapped(device) { child in
                    guard child.name == "target" else { return child }
                    var child = child
                    child[attribute: "dev"] = tap
                    return child
                }
            default: break
            }
            return device
        }
    }

    /// The element with paths of the other host.
    private func moved(_ element: XMLElement) -> XMLElement {
        var element = element
        for index in element.attributes.indices {
            element.attributes[index].value = moved(element.attributes[index].value)
        }
        element.children = element.children.map { node in
            switch node {
            case .element(let child): .element(moved(child))
            case .text(let text): .text(moved(text))
            }
        }
        return element
    }

    private func moved(_ text: String) -> String {
        guard text.hasPrefix("\(instancesPath)/") else { return text }
        return place.instancesPath + text.dropFirst(instancesPath.count)
    }

    private func mapped(_ element: XMLElement, _ body: (XMLElement) -> XMLElement) -> XMLElement {
        var element = element
        element.children = element.children.map { node in
            guard case .element(let child) = node else { return node }
            return .element(body(child))
        }
        return element
    }

    private func localName(_ element: XMLElement) -> Substring? { element.name.split(separator: ":").last }
}

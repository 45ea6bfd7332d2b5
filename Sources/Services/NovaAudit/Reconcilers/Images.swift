import NovaCore
import NovaInterfaces
import NovaModel

extension Reconciler {
    /// Images in hosts' caches that no disk has needed for long.
    public static let images = Reconciler(
        "images", "the image caches of hosts and the disks that need them", needs: [.hosts]
    ) { picture in
        let limit = picture.time(ago: picture.ages.unusedImage)
        return picture.contents.sorted { $0.key < $1.key }.flatMap { host, found in
            found.images.filter { !$0.isUsed && $0.usedAt < limit }.map { image in
                Drift(
                    "image-unused", image.name, host: host,
                    "No disk needs it; \(image.bytes) bytes, last used \(image.usedAt.iso8601).",
                    remedy: "It is removed from the cache; a new server fetches it again.", isSafe: true,
                    .removeImage(image.name, host: host))
            }
        }
    }
}

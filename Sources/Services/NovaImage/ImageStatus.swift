import NovaWire

/// Where an image is in its life.
enum ImageStatus: String, WireEnum {
    /// Known, without data.
    case queued
    /// Its data is being received.
    case saving
    case active
    /// Its data may not be read by users.
    case deactivated
    /// Gone; the row keeps its id from being used again.
    case deleted
    /// Its data is in the staging area, or on the way there; an import makes it an image.
    case uploading
    /// An import fetches and checks its data.
    case importing
}

/// Who may see an image.
enum ImageVisibility: String, WireEnum {
    /// Everyone, and it is listed for everyone.
    case `public`
    case `private`
    /// The owner; the default.
    case shared
    /// Everyone who knows its id.
    case community
}

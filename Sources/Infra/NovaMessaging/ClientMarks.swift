/// Short messages about many others, put together until the end of a turn.
struct ClientMarks {
    private var taken: [Int: [MessageID]] = [:]
    private var done: [Int: [MessageID]] = [:]

    mutating func taken(_ id: MessageID, at link: Int) { taken[link, default: []].append(id) }
    mutating func done(_ id: MessageID, at link: Int) { done[link, default: []].append(id) }

    /// The lists to send now, those of TAKEN first.
    mutating func take() -> [(link: Int, kind: MessageKind, ids: ArraySlice<MessageID>)] {
        guard !taken.isEmpty || !done.isEmpty else { return [] }
        var lists: [(link: Int, kind: MessageKind, ids: ArraySlice<MessageID>)] = []
        for (kind, marks) in [(MessageKind.taken, taken), (.done, done)] {
            for link in marks.keys.sorted() {
                var rest = (marks[link] ?? [])[...]
                while !rest.isEmpty {
                    lists.append((link, kind, rest.prefix(MessageIDList.limit)))
                    rest = rest.dropFirst(MessageIDList.limit)
                }
            }
        }
        self = ClientMarks()
        return lists
    }
}

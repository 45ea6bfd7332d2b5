import NovaCore
import Testing

@testable import NovaMessaging

/// What a sender tells the next broker of a message that it had given to one that is lost.
@Suite("A lost broker, for its senders")
struct LostBrokerTests {
    private static let topic = QueueName.topic("t")
    private static let id = MessageID(sender: 7, counter: 1)

    /// A sender with two brokers that has given a call to its home at time 1,000; the index of the home.
    private static func sender() -> (state: ClientState, home: Int) {
        let state = ClientState(
            instance: 7, endpoints: ["tcp://a", "tcp://b"], name: PeerName(role: "api", host: "h", instance: "1"),
            seed: 1, now: 0)
        for index in 0...1 {
            _ = state.handle(.connected(index), now: 0)
            var welcome = MessageHeader(.welcome, id: MessageID(sender: UInt64(index) + 1, counter: 0))
            welcome.since = UInt16(MessageHeader.version)
            welcome.amount = UInt64(index) + 1
            welcome.remaining = 60_000
            _ = state.handle(.received(index, welcome, [], age: 0), now: 0)
        }
        var call = MessageHeader(.call, id: id)
        call.queue = topic
        let sent = state.handle(.submit(ClientRequest(header: call, body: [], deadline: 60_000)), now: 1_000)
        return (state, calls(sent).first?.link ?? -1)
    }

    private static func calls(_ actions: [ClientAction]) -> [(link: Int, header: MessageHeader)] {
        actions.compactMap { action in
            guard case .send(let link, let header, _) = action, header.id == id else { return nil }
            return (link, header)
        }
    }

    @Test("what a broker did after it was heard for the last time is unknown, though its connection ended")
    func ended() throws {
        let (state, home) = Self.sender()
        let pong = MessageHeader(.pong, id: MessageID(sender: 7, counter: 9))
        _ = state.handle(.received(home, pong, [], age: 0), now: 1_200)
        let again = try #require(Self.calls(state.handle(.disconnected(home), now: 2_000)).first)
        #expect(again.link == 1 - home)
        #expect(again.header.flags.contains(.resent))
        #expect(again.header.amount == 800)
    }

    @Test("nobody had a message before it was sent")
    func notBefore() throws {
        let (state, home) = Self.sender()
        let again = try #require(Self.calls(state.handle(.disconnected(home), now: 1_050)).first)
        #expect(again.header.amount == 50 + UInt64(BrokerState.exactness) + 1)
    }

    @Test("who had taken it is named")
    func taken() throws {
        let (state, home) = Self.sender()
        var taken = MessageHeader(.taken, id: MessageID(sender: 1, counter: 0))
        taken.amount = 99
        _ = state.handle(.received(home, taken, MessageIDList.encode([Self.id][...]), age: 0), now: 1_100)
        let again = try #require(Self.calls(state.handle(.disconnected(home), now: 2_000)).first)
        #expect(again.header.flags.contains(.taken))
        #expect(again.header.amount == 99)
    }
}

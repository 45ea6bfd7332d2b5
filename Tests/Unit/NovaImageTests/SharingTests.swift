import NovaCore
import NovaHTTPClient
import NovaSchema
import Testing

@testable import NovaImage

@Suite("Whose images are seen by whom", .timeLimit(.minutes(2)))
struct SharingTests {
    @Test("Each visibility shows an image to those it is for, and hides it from all others.")
    func visibility() async throws {
        try await ImageFixture.with { cloud in
            var ids: [String: String] = [:]
            for kind in ["private", "shared", "community", "public"] {
                ids[kind] = try await cloud.create(
                    kind == "public" ? "admin" : "a", ["visibility": .string(kind), "name": .string(kind)])
            }
            func id(_ kind: String) throws -> String { try #require(ids[kind]) }
            for (kind, status) in [("private", 404), ("shared", 404), ("community", 200), ("public", 200)] {
                let path = "/v2/images/\(try id(kind))"
                #expect(try await cloud.send("GET", path, as: "b").status == status, "\(kind)")
                let change: JSONValue = [["op": "replace", "path": "/name", "value": "mine"]]
                let patch = try await cloud.send(
                    "PATCH", path, as: "b", headers: [("Content-Type", ImagePatch.mediaTypes[0])], change)
                let refused = status == 404 ? 404 : 403
                #expect(patch.status == refused, "\(kind)")
                #expect(try await cloud.send("DELETE", path, as: "b").status == refused)
                #expect(try await cloud.upload(try id(kind), as: "b", [1]).status == refused)
                #expect(try await cloud.upload(try id(kind), as: "b", [1], to: "stage").status == refused)
                #expect(try await cloud.send("PUT", "\(path)/tags/x", as: "b").status == refused)
                #expect(try await cloud.send("POST", "\(path)/actions/deactivate", as: "b").status == refused)
                let importing: JSONValue = ["method": ["name": "glance-direct"]]
                #expect(try await cloud.send("POST", "\(path)/import", as: "b", importing).status == refused)
                let tasks = try await cloud.send("GET", "\(path)/tasks", as: "b")
                #expect(tasks.status == status)
                // No answer differs from that for an image that does not exist, so that ids cannot be tried out.
                let marker = try await cloud.send("GET", "/v2/images?marker=\(try id(kind))", as: "b")
                #expect(marker.status == (status == 404 ? 400 : 200), "\(kind)")
                let seen = try await cloud.table.visible(
                    try #require(ImageID(try id(kind))), to: ProjectID("b"), isAdmin: false)
                #expect((seen == nil) == (status == 404))
            }
            #expect(try await cloud.list(as: "b") == [try id("public")])
            #expect(try await Set(cloud.list(as: "a")) == Set(ids.values))
            #expect(try await cloud.list("visibility=community", as: "b") == [try id("community")])
            #expect(try await Set(cloud.list("visibility=all", as: "b")) == [try id("public"), try id("community")])
            #expect(try await cloud.list("visibility=private", as: "b") == [])
            #expect(try await cloud.list("owner=a", as: "b") == [])
            #expect(try await cloud.list("id=\(try id("private"))", as: "b") == [])
            #expect(try await Set(cloud.list("visibility=all", as: "admin")) == Set(ids.values))
            #expect(try await cloud.list("name=private", as: "a-reader") == [try id("private")])
        }
    }

    @Test("A shared image is seen by its members; lists have it once it was accepted.")
    func members() async throws {
        try await ImageFixture.with { cloud in
            let id = try await cloud.create("a")
            let members = "/v2/images/\(id)/members"
            let added = try await cloud.send("POST", members, as: "a", ["member": "b"])
            #expect(added.status == 200)
            #expect(try added.json()["status"] == "pending")
            #expect(try added.json()["member_id"] == "b")
            #expect(try await cloud.send("POST", members, as: "a", ["member": "b"]).status == 409)
            #expect(try await cloud.send("POST", members, as: "a", [:]).status == 400)
            #expect(try await cloud.send("POST", members, as: "a", ["member": ""]).status == 400)
            #expect(try await cloud.send("POST", members, as: "b", ["member": "c"]).status == 403)
            #expect(try await cloud.send("POST", members, as: "c", ["member": "c"]).status == 404)
            #expect(try await cloud.send("GET", "/v2/images/\(id)", as: "b").status == 200)
            #expect(try await cloud.send("GET", "/v2/images/\(id)", as: "c").status == 404)
            #expect(try await cloud.list(as: "b") == [])
            #expect(try await cloud.list("member_status=pending&visibility=shared", as: "b") == [id])
            #expect(try await cloud.list("member_status=all", as: "b") == [id])
            func put(_ status: String, as token: String) async throws -> Int {
                try await cloud.send("PUT", "\(members)/b", as: token, ["status": .string(status)]).status
            }
            #expect(try await put("accepted", as: "a") == 403)
            #expect(try await put("accepted", as: "c") == 404)
            #expect(try await put("nonsense", as: "b") == 400)
            #expect(try await put("accepted", as: "b") == 200)
            #expect(try await cloud.list(as: "b") == [id])
            #expect(try await cloud.list("visibility=shared", as: "b") == [id])
            #expect(try await put("rejected", as: "b") == 200)
            #expect(try await cloud.list(as: "b") == [])
            // A member learns of itself, not of the others.
            #expect(try await cloud.send("POST", members, as: "a", ["member": "c"]).status == 200)
            func known(_ token: String) async throws -> Int? {
                try await cloud.send("GET", members, as: token).json()["members"]?.arrayValue?.count
            }
            #expect(try await known("a") == 2)
            #expect(try await known("b") == 1)
            #expect(try await cloud.send("GET", "\(members)/c", as: "b").status == 404)
            #expect(try await cloud.send("GET", "\(members)/b", as: "b").status == 200)
            #expect(try await cloud.send("DELETE", "\(members)/b", as: "b").status == 403)
            #expect(try await cloud.send("DELETE", "\(members)/b", as: "a").status == 204)
            #expect(try await cloud.send("DELETE", "\(members)/b", as: "a").status == 404)
            #expect(try await cloud.send("GET", "/v2/images/\(id)", as: "b").status == 404)
            // What is not shared has no members, and an old member sees nothing of it.
            let change: JSONValue = [["op": "replace", "path": "/visibility", "value": "private"]]
            _ = try await cloud.send(
                "PATCH", "/v2/images/\(id)", as: "a", headers: [("Content-Type", ImagePatch.mediaTypes[0])], change)
            #expect(try await cloud.send("GET", "/v2/images/\(id)", as: "c").status == 404)
            #expect(try await cloud.send("POST", members, as: "a", ["member": "d"]).status == 403)
        }
    }

    @Test("An image has at most as many members as the option says.")
    func memberLimit() async throws {
        var limits = ImageLimits()
        limits.members = 2
        try await ImageFixture.with(limits: limits) { cloud in
            let id = try await cloud.create("a")
            for (member, status) in [("b", 200), ("c", 200), ("d", 413)] {
                let body: JSONValue = ["member": .string(member)]
                #expect(try await cloud.send("POST", "/v2/images/\(id)/members", as: "a", body).status == status)
            }
        }
    }

    @Test("Filters, comparisons, orders and pages.")
    func lists() async throws {
        try await ImageFixture.with { cloud in
            var ids: [String] = []
            for index in 0..<5 {
                let tags = index.isMultiple(of: 2) ? ["even", "t\(index)"] : ["odd"]
                var image: JSONObject = ["tags": JSONValue(tags), "os_hidden": .bool(index == 3)]
                image["name"] = .string(index == 4 ? "last, one" : "n\(index)")
                image["min_ram"] = .integer(Int64(index))
                image["colour"] = .string("c\(index % 2)")
                let id = try await cloud.create("a", image)
                _ = try await cloud.upload(id, as: "a", [UInt8](repeating: 0, count: 100 * (index + 1)))
                ids.append(id)
            }
            let cases: [(String, [Int])] = [
                ("sort=min_ram:asc", [0, 1, 2, 4]), ("sort_key=size&sort_dir=desc", [4, 2, 1, 0]),
                ("sort=size:asc&size_min=200", [1, 2, 4]), ("sort=size:asc&size_max=200", [0, 1]),
                ("size=300", [2]), ("sort=size:asc&size=gte:300", [2, 4]), ("sort=size:asc&min_ram=lt:2", [0, 1]),
                ("sort=size:asc&name=in:n0,n1", [0, 1]), ("sort=size:asc&name=in:%22last,%20one%22,n0", [0, 4]),
                ("name=n1", [1]), ("tag=odd", [1]), ("tag=even&tag=t2", [2]), ("sort=size:asc&colour=c0", [0, 2, 4]),
                ("os_hidden=true", [3]), ("status=queued", []),
                ("sort=size:asc&status=in:queued,active", [0, 1, 2, 4]),
                ("created_at=gt:2100-01-01T00:00:00Z", []), ("protected=true", []),
                ("sort=size:asc&created_at=lt:2100-01-01T00:00:00Z", [0, 1, 2, 4]), ("visibility=public", []),
                ("sort=size:asc&owner=a&limit=2", [0, 1]),
            ]
            for (query, wanted) in cases {
                #expect(try await cloud.list(query, as: "a") == wanted.map { ids[$0] }, "\(query)")
            }
            for query in [
                "size=x", "sort=nonsense:asc", "sort=size:up", "limit=-1", "marker=x", "created_at=gt:yesterday",
                "visibility=x", "member_status=x", "name=in:%22a", "os_hidden=maybe", "sort_key=min_ram;drop",
            ] {
                #expect(try await cloud.send("GET", "/v2/images?\(query)", as: "a").status == 400, "\(query)")
            }
            var seen: [String] = []
            var next: String? = "/v2/images?limit=1&sort=min_ram:asc"
            while let path = next {
                let page = try await cloud.send("GET", path, as: "a").json()
                seen += page["images"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
                next = page["next"]?.stringValue
            }
            #expect(seen == [ids[0], ids[1], ids[2], ids[4]])
        }
    }
}

extension ImageFixture {
    var table: ImageTable { intake.table }
}

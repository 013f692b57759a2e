-- wrk -s wrk.lua URL -- REPOSITORIES TAGS SEED PATH: a fixed path, or a random tag of a random seeded repository.
-- With repositories and tags, the path has @R and @T where their names go. wrk cannot read the answers to HEAD.
local repositories, tags, path

function init(args)
  repositories = tonumber(args[1])
  tags = tonumber(args[2])
  math.randomseed(tonumber(args[3]))
  path = args[4]
end

function request()
  local where = path
  if repositories > 0 then
    local repository = string.format("r%06d", math.random(0, repositories - 1))
    local tag = string.format("t%06d", math.random(0, tags - 1))
    where = path:gsub("@R", repository):gsub("@T", tag)
  end
  return wrk.format("GET", where)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

-- Run by `pandoc lua` (see pandoc_process.py): one request per line on standard input, one answer per line on standard
-- output, both as JSON. Ends at the end of its input.
--
--     request    {"text": ..., "from": ..., "to": ..., "cite": whether to resolve citations and list references}
--     answer     {"ok": true, "text": ...} or {"ok": false, "text": message}
--
-- arg[1]: abbreviations followed by a non-breaking space ("Mr. Smith"), as in the command `pandoc`.

local reading = {abbreviations = {}}
for word in arg[1]:gmatch("%S+") do
  reading.abbreviations[word] = true
end
local writing = {wrap_text = "wrap-none", html_math_method = "mathml"}

local function convert(request)
  local document = pandoc.read(request.text, request.from, reading)
  if request.cite then
    document = pandoc.utils.citeproc(document)
  end
  return pandoc.write(document, request.to, writing)
end

for line in io.lines() do
  local ok, answer = pcall(convert, pandoc.json.decode(line, false))
  io.write(pandoc.json.encode({ok = ok, text = tostring(answer)}), "\n")
  io.flush()
end

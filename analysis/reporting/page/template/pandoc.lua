-- Run by `pandoc lua` (see pandoc_process.py): a request a line on standard input, an answer a line on standard output,
-- both as JSON. Ends when its input does.
--
--     asked      {"text": ..., "from": ..., "to": ..., "cite": whether citations get words and the references are listed}
--     answered   {"ok": true, "text": ...} or {"ok": false, "text": why not}
--
-- arg[1]: the words after which the space doesn't break a line ("Mr. Smith"), as the command `pandoc` knows them.

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

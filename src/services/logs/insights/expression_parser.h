// Reads expressions, and knows the names of the slots.
#pragma once

#include <string>
#include <vector>

#include "services/logs/insights/lexer.h"
#include "services/logs/insights/syntax.h"

namespace signalbox::logs::insights {

class ExpressionParser {
 public:
  ExpressionParser(Lexer& lexer, Syntax& syntax) : lexer_(lexer), syntax_(syntax) {}

  Result<Expression> expression() { return any(0); }
  /// "expression [as name]".
  Result<Assignment> assignment();
  /// The slot of a name that is assigned to.
  Result<std::size_t> new_name();
  Expression field(const std::string& name);
  std::size_t assigned_slot(const std::string& name);
  Result<std::shared_ptr<const re2::RE2>> regex();
  Result<std::shared_ptr<const re2::RE2>> compile(const std::string& text);

 private:
  Result<Expression> any(int depth);
  Result<Expression> all(int depth);
  Result<Expression> negation(int depth);
  Result<Expression> comparison(int depth);
  Result<Expression> sum(int depth);
  Result<Expression> product(int depth);
  Result<Expression> power(int depth);
  Result<Expression> unary(int depth);
  Result<Expression> primary(int depth);
  Result<Expression> call(std::string name, int depth);
  Result<Expression> like(Expression left, bool negated);
  Result<Expression> in_list(Expression left, bool negated, int depth);
  Result<Expression> period();
  std::size_t slot_of(const std::string& name, bool assigned);

  Lexer& lexer_;
  Syntax& syntax_;
  std::size_t count_ = 0;
};

}  // namespace signalbox::logs::insights
